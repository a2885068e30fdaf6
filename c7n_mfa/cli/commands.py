# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The sub-commands of `c7n-mfa`, each imported only when it is used."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import click

import c7n_mfa
from c7n_mfa.cli.main import run_custodian

# Where each is, and a sentence short enough to stand whole in the list of `c7n-mfa --help`.
_COMMANDS = {
    "confirm": ("c7n_mfa.cli.confirm:confirm", "Confirm a subscription by its token or link."),
    "custodian": ("c7n_mfa.cli.commands:custodian", "Run custodian with the plugin loaded."),
    "investigate": (
        "c7n_mfa.cli.investigate:investigate",
        "Look up what is known about one sign-in.",
    ),
    "pattern": (
        "c7n_mfa.cli.pattern:pattern",
        "Prove which sign-ins metric-filter patterns catch.",
    ),
    "plan": ("c7n_mfa.cli.plan:plan", "Show what a repair would do, writing nothing."),
    "redrive": (
        "c7n_mfa.cli.redrive:redrive",
        "Hand dead letters to the functions that failed.",
    ),
    "report": (
        "c7n_mfa.cli.report.command:report",
        "Report who is notified of a sign-in without MFA.",
    ),
    "signins": (
        "c7n_mfa.cli.signins:signins",
        "List the console sign-ins in CloudTrail files.",
    ),
}


class LazyGroup(click.Group):
    """A group that knows the names of its commands and where to import each from."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list, without importing what it names."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in self.list_commands(ctx)])


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
