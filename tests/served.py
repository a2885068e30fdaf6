# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A local AWS that a command leaves on until Ctrl-C, as a person in another terminal has it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LAST_LINE = "python -m demo.signin signs in without MFA. Ctrl-C here ends it.\n"


class Served:
    """`python -m MODULE`: what it prints until it waits, and what it exports."""

    def __init__(self, *words: str) -> None:
        # What a shell starts in the background ignores Ctrl-C, and so would its children.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            [sys.executable, "-m", *map(str, words)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        lines: list[str] = []
        while lines[-1:] not in ([LAST_LINE], [""]):
            lines.append(self.process.stdout.readline())
        self.shown = "".join(lines)
        self.exports = dict(re.findall(r"^  export (\w+)=(\S+)$", self.shown, re.MULTILINE))

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def sign_in(self, *options: str) -> str:
        """Sign in, in that other terminal; what it prints."""
        return subprocess.run(
            [sys.executable, "-m", "demo.signin", *options],
            cwd=ROOT,
            env=os.environ | self.exports,
            capture_output=True,
            text=True,
        ).stdout

    def interrupt(self) -> tuple[int, str]:
        """Ctrl-C: the exit status, and what was printed since."""
        self.process.send_signal(signal.SIGINT)
        printed, _ = self.process.communicate(timeout=60)
        return self.process.returncode, printed
