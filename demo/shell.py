# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What the demo prints, and the commands it runs as a person would type them."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

# custodian, c7n-mfa and python are installed beside the interpreter that runs this.
_BIN = Path(sys.executable).parent


class CommandFailed(Exception):
    """A command ended with a status it should not have; the message says which and why."""


class Unexpected(Exception):
    """Something did not happen as the demo says it does; the message is one sentence."""


class Shell:
    """A console, and an environment to run commands in."""

    def __init__(self, console: Console, env: Mapping[str, str]) -> None:
        self.console = console
        self.env = dict(env)

    def heading(self, title: str) -> None:
        self.console.print()
        self.console.print(Text(title, style="bold underline"))

    def say(self, line: str = "") -> None:
        """Print a line; where it is too long it goes on below its beginning."""
        text = line.lstrip()
        indent = " " * (len(line) - len(text))
        for part in Text(text).wrap(self.console, self.console.width - len(indent)) or [Text()]:
            part.rstrip()
            self.console.print(Text.assemble(indent, part))

    def show(self, *words: str, prompt: str = "$ ") -> None:
        """Print a command."""
        self.console.print(Text.assemble((prompt, "dim"), (shlex.join(words), "bold cyan")))

    def quietly(self, program: str, *words: str) -> str:
        """Run a command and give its output, which is shown only where the command fails."""
        # Errors go where the rest goes, so that they are read in order.
        done = subprocess.run(
            [self._executable(program), *words],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            command = shlex.join([program, *words])
            output = f"\n{done.stdout}" if done.stdout else ""
            raise CommandFailed(f"`{command}` ended with status {done.returncode}.{output}")
        return done.stdout

    def run(self, program: str, *words: str) -> int:
        """Run a command with its output in view, and give its exit status."""
        executable = self._executable(program)
        # The child writes to the same place: what is printed so far must be there first.
        self.console.file.flush()
        return subprocess.run(
            [executable, *words], env=self.env, stderr=subprocess.STDOUT
        ).returncode

    def _executable(self, program: str) -> str:
        executable = _BIN / program
        if not executable.is_file():
            raise CommandFailed(f"{executable} is not installed. Run `make setup`.")
        return str(executable)
