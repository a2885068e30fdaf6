# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Runs commands as a person would type them, and prints each before it runs."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

# custodian and c7n-mfa are installed beside the interpreter that runs this.
_BIN = Path(sys.executable).parent


class CommandFailed(Exception):
    """A command ended with a status it should not have; the message is one sentence."""


class Shell:
    """An environment to run commands in."""

    def __init__(self, console: Console, env: Mapping[str, str]) -> None:
        self.console = console
        self.env = dict(env)

    def show(self, *words: str, prompt: str = "$ ") -> None:
        """Print a command."""
        self.console.print()
        self.console.print(Text.assemble((prompt, "dim"), (shlex.join(words), "bold cyan")))

    def run(self, program: str, *words: str) -> int:
        """Print a command, run it with its output in view, and give its exit status."""
        self.show(program, *words)
        executable = _BIN / program
        if not executable.is_file():
            raise CommandFailed(f"{executable} is not installed. Run `make setup`.")
        # The child writes to the same place: what is ours must be there first.
        self.console.file.flush()
        # Errors go where the rest goes, so that the story stays in order when it is piped.
        return subprocess.run(
            [str(executable), *words], env=self.env, stderr=subprocess.STDOUT
        ).returncode

    def succeed(self, program: str, *words: str) -> None:
        """Run a command that has to succeed."""
        status = self.run(program, *words)
        if status:
            raise CommandFailed(f"`{shlex.join([program, *words])}` ended with status {status}.")
