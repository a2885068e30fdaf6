# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The sub-commands of `c7n-mfa`, each imported only when it is used."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import click

import c7n_mfa
from c7n_mfa.cli import run_custodian

_COMMANDS = {
    "custodian": "c7n_mfa.commands:custodian",
    "pattern": "c7n_mfa.review.command:pattern",
    "plan": "c7n_mfa.report.plan:plan",
    "report": "c7n_mfa.report.command:report",
    "signins": "c7n_mfa.replay.command:signins",
}


class LazyGroup(click.Group):
    """A group that knows the names of its commands and where to import each from."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=LazyGroup)
@click.version_option(c7n_mfa.__version__, prog_name="c7n-mfa", message="%(prog)s %(version)s")
def group() -> None:
    """Prove that a console sign-in without MFA reaches a person, or name the broken link."""


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def custodian(args: Sequence[str]) -> None:
    """Run custodian with the plugin loaded; all arguments are its own."""
    run_custodian(args)
