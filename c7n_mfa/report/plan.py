# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa plan`: what a repair policy would do, writing nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError
from c7n.commands import policy_command
from c7n.config import Config
from rich.text import Text
from rich.tree import Tree

from c7n_mfa.chain.verdicts import Judgement
from c7n_mfa.elements.account import SetSigninMonitoring
from c7n_mfa.entry import initialize
from c7n_mfa.repair.values import Step, is_write

from .tree import console_for
from .words import call_name, link_name

NOTHING_TO_DO, CHANGES, CANNOT_TELL = 0, 1, 2
_MARKS = {"planned": "+", "adopted": "=", "skipped": "!"}
_STYLES = {"planned": "green", "adopted": "dim", "skipped": "yellow"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What one policy would do to one account."""

    policy: str
    account_id: str
    judgement: Judgement
    steps: tuple[Step, ...]

    @property
    def exit_code(self) -> int:
        if self.judgement.verdict == "unknown":
            return CANNOT_TELL
        if any(is_write(step) for step in self.steps):
            return CHANGES
        return NOTHING_TO_DO if self.judgement.verdict == "intact" else CANNOT_TELL

    def to_dict(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "account_id": self.account_id,
            "verdict": self.judgement.verdict,
            "steps": [step.to_dict() for step in self.steps],
        }


@click.command("plan")
@click.argument("policies", nargs=-1, required=True, metavar="POLICY...")
@click.option("-r", "--region", "regions", multiple=True, help="As in custodian run.")
@click.option("--profile", help="As in custodian run.")
@click.option("--assume", "assume_role", help="As in custodian run.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.pass_context
def plan(
    context: click.Context,
    policies: Sequence[str],
    regions: Sequence[str],
    profile: str | None,
    assume_role: str | None,
    format_: str,
) -> None:
    """Show what the repair policies would do, without doing it.

    Exit status: 0 nothing to do, 1 changes, 2 cannot tell or cannot be repaired.
    """
    options = {"regions": list(regions), "profile": profile, "assume_role": assume_role}
    try:
        plans = list(_plans(policies, options))
    except SystemExit:
        # custodian has said what is wrong with the files; its 1 would mean changes here.
        context.exit(CANNOT_TELL)
    except (ClientError, BotoCoreError) as error:
        click.echo(f"c7n-mfa plan: AWS could not be asked: {error}", err=True)
        context.exit(CANNOT_TELL)
    if not plans:
        click.echo(
            "c7n-mfa plan: no policy among these has the action set-signin-monitoring and matches "
            "the account; nothing to do.",
            err=True,
        )
    _show(plans, format_)
    context.exit(max((each.exit_code for each in plans), default=NOTHING_TO_DO))


def _plans(paths: Sequence[str], options: dict[str, Any]) -> Iterator[Plan]:
    initialize()
    found: list[Any] = []
    load = policy_command(lambda _, policies: found.extend(policies))
    # custodian's own defaults for a run that leaves nothing behind.
    load(Config.empty(configs=list(paths), cache=None, output_dir="", dryrun=True, **options))
    for policy in found:
        for action in policy.resource_manager.actions:
            if isinstance(action, SetSigninMonitoring):
                yield from _plans_of(policy, action)


def _plans_of(policy: Any, action: SetSigninMonitoring) -> Iterator[Plan]:
    for account in policy.resource_manager.resources():
        judgement, steps = action.plan(account)
        yield Plan(policy.name, account["account_id"], judgement, steps)


def _show(plans: Sequence[Plan], format_: str) -> None:
    if format_ == "json":
        click.echo(json.dumps([each.to_dict() for each in plans], indent=2))
        return
    console = console_for(sys.stdout)
    for each in plans:
        console.print(_tree(each))


def _tree(found: Plan) -> Tree:
    writes = sum(is_write(step) for step in found.steps)
    what = f"{writes} changes" if writes != 1 else "1 change"
    if not writes:
        what = "nothing to do" if found.judgement.verdict == "intact" else "cannot be repaired"
    title = f"{found.account_id}: {what} ({found.policy}; {found.judgement.verdict} now)"
    tree = Tree(Text(title, style="bold"), guide_style="dim")
    for step in found.steps:
        branch = tree.add(_line(step))
        for call in step.undo:
            branch.add(Text(f"undo: {call_name(call.to_dict())}", style="dim"))
    return tree


def _line(step: Step) -> Text:
    call = call_name(step.call.to_dict()) if step.call else None
    head = f"{_MARKS.get(step.result, '?')} {link_name(step.step)} {step.result}"
    tail = f" ({call})" if call else ""
    return Text.assemble(
        (head, _STYLES.get(step.result, "")), f" {step.resource}{tail}: {step.why}"
    )
