# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The console script `c7n-mfa`.

`c7n-mfa custodian …` is custodian with the plugin loaded and needs nothing but c7n; every other
sub-command needs the `cli` extra.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

_EXTRA = {"click", "rich"}
_USAGE_ERROR = 2


def main(args: Sequence[str] | None = None) -> None:
    given = sys.argv[1:] if args is None else list(args)
    if given[:1] == ["custodian"]:
        run_custodian(given[1:])
    else:
        _run_command(given)


def run_custodian(args: Sequence[str]) -> None:
    """Hand all arguments to custodian, whose exit code is then ours."""
    import c7n.cli

    from c7n_mfa.entry import initialize

    initialize()
    c7n.cli.main(list(args))


def _run_command(args: Sequence[str]) -> None:
    try:
        from c7n_mfa.commands import group

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
