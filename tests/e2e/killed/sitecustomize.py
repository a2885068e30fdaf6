# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Python imports this at start-up when its folder is on PYTHONPATH: a custodian that dies or waits.

KILL_AFTER_WRITE=3 kills the process, as `kill -9` does, when AWS has answered its third write.
STOPS=[[3, "reached", "go"]] makes a file before the third write and waits for another one.
WRITES_TO=path names a file that every write is added to.
"""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

from botocore.client import BaseClient

_READS = ("Describe", "Get", "List", "Lookup")
_real = BaseClient._make_api_call
_writes = 0


def _call(client, operation, parameters):
    global _writes
    if operation.startswith(_READS):
        return _real(client, operation, parameters)
    _writes += 1
    _stop()
    answer = _real(client, operation, parameters)
    if "WRITES_TO" in os.environ:
        with Path(os.environ["WRITES_TO"]).open("a") as file:
            file.write(f"{operation}\n")
    if os.environ.get("KILL_AFTER_WRITE") == str(_writes):
        os.kill(os.getpid(), signal.SIGKILL)
    return answer


def _stop():
    for number, reached, go in json.loads(os.environ.get("STOPS", "[]")):
        if number == _writes:
            Path(reached).touch()
            until = time.monotonic() + 60
            while not Path(go).exists() and time.monotonic() < until:
                time.sleep(0.05)


BaseClient._make_api_call = _call
