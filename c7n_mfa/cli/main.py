# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The console script `c7n-mfa`.

`c7n-mfa custodian …` is custodian with the plugin loaded and needs nothing but c7n; every other
sub-command needs the `cli` extra.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

_EXTRA = {"click", "rich"}
_USAGE_ERROR = 2
_CANNOT_TELL = 2
_REFUSED = 1  # as a traceback ends


def main(args: Sequence[str] | None = None) -> None:
    given = sys.argv[1:] if args is None else list(args)
    with _no_output_lost_in_silence():
        if given[:1] == ["custodian"]:
            run_custodian(given[1:])
        else:
            _run_command(given)


def run_custodian(args: Sequence[str]) -> None:
    """Hand all arguments to custodian, whose exit code stands."""
    import c7n.cli
    from c7n.exceptions import PolicyValidationError

    from c7n_mfa.entry import initialize

    initialize()
    # Its usage lines name the program by this.
    sys.argv = ["c7n-mfa custodian", *args]
    try:
        c7n.cli.main(list(args))
    except PolicyValidationError as error:
        # Custodian shows a traceback for a policy that it finds wrong only when it runs it.
        print(f"c7n-mfa custodian: {error}", file=sys.stderr)
        sys.exit(_REFUSED)


def _run_command(args: Sequence[str]) -> None:
    if sys.stdout is None:
        _complain("standard output is closed, so there is nowhere to print to.")
        sys.exit(_CANNOT_TELL)
    try:
        from c7n_mfa.cli.commands import group

        group.main(args=list(args), prog_name="c7n-mfa")
    except ModuleNotFoundError as missing:
        if missing.name not in _EXTRA:
            raise
        _say_what_to_install(missing.name)


def _say_what_to_install(module: str) -> None:
    print(
        f"c7n-mfa needs the package {module} for this: pip install 'c7n-mfa[cli]'.\n"
        "c7n-mfa custodian … works without it.",
        file=sys.stderr,
    )
    sys.exit(_USAGE_ERROR)


class _OutputLost(Exception):
    """Standard output did not take what was written; the cause says why."""


class _Stdout:
    """Standard output, its faults kept apart from every other `OSError`.

    click and rich end the program with 1 when a pipe breaks, which would say that there are
    findings; an exception that they do not know passes through them.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as error:
            raise _OutputLost from error

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as error:
            raise _OutputLost from error


@contextmanager
def _no_output_lost_in_silence() -> Iterator[None]:
    """Output that is lost makes an exit status of 2; whoever closed a pipe knows why."""
    stream = sys.stdout
    if stream is None:
        yield
        return
    sys.stdout = _Stdout(stream)
    try:
        try:
            yield
        finally:
            # Whatever is still buffered would be lost after the exit status is said.
            sys.stdout.flush()
    except _OutputLost as lost:
        _discard(stream)
        if not isinstance(lost.__cause__, BrokenPipeError):
            _complain(f"standard output cannot be written: {_reason(lost)}.")
        sys.exit(_CANNOT_TELL)
    finally:
        sys.stdout = stream


def _discard(stream: TextIO) -> None:
    """Let Python's own flush at the end find nothing to fail on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _reason(lost: _OutputLost) -> str:
    return getattr(lost.__cause__, "strerror", None) or str(lost.__cause__)


def _complain(sentence: str) -> None:
    # Without a stream, print would turn to standard output.
    if sys.stderr is not None:
        print(f"c7n-mfa: {sentence}", file=sys.stderr)
