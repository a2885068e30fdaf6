# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Runs inside the local AWS's own environment: the server, tied to the life of its parent.

Standard input is a pipe whose other end the parent holds.
When it closes, however the parent ended, the server and the functions it started end too.
"""

from __future__ import annotations

import os
import runpy
import shutil
import signal
import sys
import threading
from pathlib import Path

# As `demo.local_aws` names the directories it makes; nothing else is ever removed.
_DIRECTORY_PREFIX = "c7n-mfa-local-aws-"


def _end_with_the_parent() -> None:
    # os.read and not sys.stdin: a daemon thread inside the buffered reader aborts the interpreter.
    while os.read(0, 1):
        pass
    # A parent that was killed outright has not tidied up either.
    if Path.cwd().name.startswith(_DIRECTORY_PREFIX):
        shutil.rmtree(Path.cwd(), ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    # The group that gets killed must be the server's own, never the shell's.
    if os.getpgrp() == os.getpid():
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
    sys.argv = ["ministack"]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
