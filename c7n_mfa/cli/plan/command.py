# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa plan`: what a repair policy would do, writing nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError
from rich.text import Text
from rich.tree import Tree

from c7n_mfa.cli.report.shape import clean
from c7n_mfa.cli.report.tree import console_for
from c7n_mfa.cli.report.trouble import trouble
from c7n_mfa.cli.report.words import REPAIR_POLICY, call_name, link_name
from c7n_mfa.forwarding.values import Step as ForwardingStep
from c7n_mfa.repair.values import Step, is_write

from .planned import (
    CANNOT_TELL,
    NOTHING_TO_DO,
    Plan,
    Repair,
    is_ours,
    load_policies,
    plans_of,
    repairs_of,
    warnings,
)

_WITH_PLAN = "set-signin-monitoring, remove-signin-monitoring or set-signin-forwarding"
_MARKS = {"planned": "+", "adopted": "=", "skipped": "!"}
_STYLES = {"planned": "green", "adopted": "dim", "skipped": "yellow"}


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
    """Show what policies that repair, remove or forward would do, without doing it.

    POLICY is a file, or a folder of files, as in custodian run.

    Exit status: 0 nothing to do, 1 changes, 2 cannot tell or cannot be repaired.
    """
    try:
        loaded = load_policies(policies, regions, profile, assume_role)
        repairs = [repair for policy in loaded for repair in repairs_of(policy)]
        _warn(repairs)
        _say_what_else(loaded, policies)
        plans = [each for repair in repairs for each in plans_of(repair)]
    except SystemExit:
        # custodian has said what is wrong with the files; its 1 would mean changes here.
        context.exit(CANNOT_TELL)
    except (ClientError, BotoCoreError) as error:
        _complain(f"AWS could not be asked: {_told(error)}")
        context.exit(CANNOT_TELL)
    if not plans:
        if not loaded:
            _complain(_wrong_files(policies))
        context.exit(CANNOT_TELL)
    _show(plans, format_)
    context.exit(max(each.exit_code for each in plans))


def _warn(repairs: Sequence[Repair]) -> None:
    for repair in repairs:
        for sentence in warnings(repair):
            click.echo(f"warning: {sentence}", err=True)


def _complain(sentence: str) -> None:
    click.echo(f"c7n-mfa plan: {sentence}", err=True)


def _told(error: Exception) -> str:
    known = trouble(f"{type(error).__name__}: {error}")
    return f"{known[0]}. {known[1]}." if known else str(error)


def _say_what_else(loaded: Sequence[Any], paths: Sequence[str]) -> None:
    """What to do about the policies that have no plan: ours always, others where none has one."""
    without = [policy for policy in loaded if not repairs_of(policy)]
    if len(without) == len(loaded) > 0:
        _complain(_wrong_files(paths))
    else:
        without = [policy for policy in without if is_ours(policy)]
    for policy in without:
        _complain(_without(policy))


def _without(policy: Any) -> str:
    name = clean(policy.name)
    if policy.is_lambda:
        does, without = "deploys a function", "deploying it"
    elif policy.resource_manager.actions:
        does, without = "has no plan", "acting"
    else:
        return f"{name} only looks: `custodian run` changes nothing."
    return f"{name} {does}: `custodian run --dryrun` runs its filters without {without}."


def _wrong_files(paths: Sequence[str]) -> str:
    return (
        f"no policy in {', '.join(clean(path) for path in paths)} has an action with a plan: "
        f"{_WITH_PLAN}; {REPAIR_POLICY} has one."
    )


def _show(plans: Sequence[Plan], format_: str) -> None:
    if format_ == "json":
        click.echo(json.dumps([each.to_dict() for each in plans], indent=2))
        return
    console = console_for(sys.stdout)
    for each in plans:
        console.print(_tree(each))


def _tree(found: Plan) -> Tree:
    tree = Tree(Text(_title(found), style="bold"), guide_style="dim")
    for step in found.steps:
        branch = tree.add(_line(step))
        for call in step.undo:
            branch.add(Text(f"undo: {call_name(call.to_dict())}", style="dim"))
    if found.not_subscribed:
        who = ", ".join(clean(each) for each in found.not_subscribed)
        why = "not subscribed, because repair only acts on a broken account"
        tree.add(Text(f"{why}: {who}", style="yellow"))
    return tree


def _title(found: Plan) -> str:
    verdict = found.judgement.verdict
    if found.removes and found.exit_code == NOTHING_TO_DO:
        return f"{found.account_id}: nothing to do ({found.policy}; {verdict} now)"
    if verdict == "intact" and not found.removes:
        return f"{found.account_id}: intact, nothing to do ({found.policy})"
    if not found.kept:
        what = "left alone, because the policy's filters do not keep the account"
    else:
        changes = sum(is_write(step) for step in found.steps)
        what = f"{changes} changes" if changes != 1 else "1 change"
        what = what if changes else "cannot be repaired"
    return f"{found.account_id}: {what} ({found.policy}; {verdict} now)"


def _line(step: Step | ForwardingStep) -> Text:
    call = call_name(step.call.to_dict()) if step.call else None
    where = f" in {step.region}" if isinstance(step, ForwardingStep) and step.region else ""
    head = f"{_MARKS.get(step.result, '?')} {link_name(step.step)} {step.result}{where}"
    tail = f" ({call})" if call else ""
    return Text.assemble(
        (head, _STYLES.get(step.result, "")), f" {step.resource}{tail}: {step.why}"
    )
