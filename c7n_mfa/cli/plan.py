# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""`c7n-mfa plan`: what policies that repair, remove or forward would do, writing nothing."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError
from c7n.commands import policy_command
from c7n.config import Config
from c7n.utils import local_session
from rich.console import Group
from rich.text import Text
from rich.tree import Tree

from c7n_mfa.audit.element import ANNOTATION, SigninMonitoring
from c7n_mfa.audit.shapes import subscription
from c7n_mfa.audit.verdicts import Judgement
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.change import Step
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.aws.text import one_line
from c7n_mfa.cli.report.words import REPAIR_POLICY, call_name, link_name
from c7n_mfa.cli.terminal import aws_sentence, complain, console_for, section, short_name, unbroken
from c7n_mfa.element import Deployable
from c7n_mfa.entry import ELEMENTS, initialize
from c7n_mfa.forwarding.element import SetSigninForwarding
from c7n_mfa.forwarding.values import ForwardingJudgement, RegionStep
from c7n_mfa.frozen import frozen
from c7n_mfa.repair.element import RemoveSigninMonitoring, SetSigninMonitoring

NOTHING_TO_DO, CHANGES, CANNOT_TELL = 0, 1, 2
_WITH_PLAN = tuple(element.name for element in ELEMENTS if element.has_plan)
_MARKS = {"planned": "+", "adopted": "=", "skipped": "!"}
_STYLES = {"planned": "green", "adopted": "dim", "skipped": "yellow"}
_NOBODY_READS = re.compile(r"(.+\.)?example\.(com|net|org)\.?", re.IGNORECASE)
_MAIL = ("email", "email-json")


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
        loaded = _load_policies(policies, regions, profile, assume_role)
        plans = _plans(loaded, policies)
    except SystemExit:
        # custodian has said what is wrong with the files; its 1 would mean changes here.
        context.exit(CANNOT_TELL)
    except (ClientError, BotoCoreError) as error:
        complain("plan", f"AWS could not be asked: {aws_sentence(error)}")
        context.exit(CANNOT_TELL)
    if format_ == "json" and plans:
        click.echo(json.dumps([account.to_dict() for account in plans], indent=2))
    elif plans:
        _show(plans, _command(policies, regions, profile, assume_role))
    context.exit(max((account.exit_code for account in plans), default=CANNOT_TELL))


@frozen
class AccountPlan:
    """What one policy would do to one account.

    ``kept`` says whether the policy's own filters keep the account; ``not_subscribed`` names the
    subscriptions of the policy that the topics of an intact account do not have.
    """

    policy: str
    account_id: str
    judgement: Judgement | ForwardingJudgement
    steps: tuple[Step, ...]
    kept: bool = True
    not_subscribed: tuple[str, ...] = ()
    removes: bool = False

    @property
    def changes(self) -> int:
        return sum(step.is_write for step in self.steps)

    @property
    def exit_code(self) -> int:
        if self.removes:
            return self._removal_code
        if self.judgement.verdict == "unknown":
            return CANNOT_TELL
        if self.changes:
            return CHANGES
        return NOTHING_TO_DO if self.judgement.verdict == "intact" else CANNOT_TELL

    @property
    def _removal_code(self) -> int:
        """A removal depends on what c7n-mfa created, and on no verdict."""
        if any(step.step == "chain" for step in self.steps):
            return CANNOT_TELL
        return CHANGES if self.changes else NOTHING_TO_DO

    def to_dict(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "account_id": self.account_id,
            "verdict": self.judgement.verdict,
            "kept": self.kept,
            "steps": [step.to_dict() for step in self.steps],
            "not_subscribed": list(self.not_subscribed),
        }


@frozen
class _Planner:
    """A policy and its action that can say what it would do."""

    policy: Any
    action: SetSigninMonitoring | RemoveSigninMonitoring | SetSigninForwarding

    @property
    def subscriptions(self) -> list[tuple[str, str]]:
        """Protocol and endpoint of each subscription that the policy names."""
        named = self.action.data.get("subscriptions", ())
        return [(entry["protocol"], entry["endpoint"]) for entry in named]


def _load_policies(
    paths: Sequence[str], regions: Sequence[str], profile: str | None, assume_role: str | None
) -> list[Any]:
    """The policies in files; custodian says what is wrong with a file, and exits."""
    initialize()
    # Custodian would say of a profile that is not there that it has no Region, and of a Region that
    # is not there not how to name one.
    if not boto3.Session(profile_name=profile).region_name and not regions:
        raise NoRegionError
    loaded: list[Any] = []
    load = policy_command(lambda _, policies: loaded.extend(policies))
    load(
        Config.empty(
            configs=list(paths),
            regions=list(regions),
            profile=profile,
            assume_role=assume_role,
            policy_filters=[],
            resource_types=[],
            # custodian's own defaults for a run that leaves nothing behind.
            cache=None,
            output_dir="",
            dryrun=True,
        )
    )
    return loaded


def _plans(policies: Sequence[Any], paths: Sequence[str]) -> list[AccountPlan]:
    """The plans of the policies; what is wrong, and what has no plan, goes to standard error."""
    by_policy = [(policy, list(_planners(policy))) for policy in policies]
    planners = [planner for _, of_policy in by_policy for planner in of_policy]
    for planner in planners:
        for warning in _warnings(planner):
            click.echo(f"warning: {warning}", err=True)
    if not planners:
        complain("plan", _wrong_files(paths))
    for policy, of_policy in by_policy:
        if not of_policy and (_is_own(policy) or not planners):
            complain("plan", _instead(policy))
    return [account for planner in planners for account in _plans_of(planner)]


def _planners(policy: Any) -> Iterator[_Planner]:
    for action in policy.resource_manager.actions:
        if action.type in _WITH_PLAN:
            yield _Planner(policy, action)


def _is_own(policy: Any) -> bool:
    """Whether a policy has an action of c7n-mfa, and so might be taken to have a plan."""
    return any(isinstance(action, Deployable) for action in policy.resource_manager.actions)


def _instead(policy: Any) -> str:
    """What to do about a policy that has no plan."""
    name = one_line(policy.name)
    if policy.is_lambda:
        does, without = "deploys a function", "deploying it"
    elif policy.resource_manager.actions:
        does, without = "has no plan", "acting"
    else:
        return f"{name} only looks: `custodian run` changes nothing."
    return f"{name} {does}: `custodian run --dryrun` runs its filters without {without}."


def _wrong_files(paths: Sequence[str]) -> str:
    names = f"{', '.join(_WITH_PLAN[:-1])} or {_WITH_PLAN[-1]}"
    return (
        f"no policy in {', '.join(one_line(path) for path in paths)} has an action with a plan: "
        f"{names}; {REPAIR_POLICY} has one."
    )


def _warnings(planner: _Planner) -> Iterator[str]:
    """What is wrong with whom a policy would subscribe: mail that nobody gets."""
    for protocol, endpoint in planner.subscriptions:
        domain = endpoint.rpartition("@")[2]
        if protocol in _MAIL and _NOBODY_READS.fullmatch(domain):
            yield (
                f"the policy {planner.policy.name} subscribes {one_line(endpoint)}, and nobody "
                f"reads mail at {one_line(domain)}; put your own subscriptions into the policy file"
            )


def _plans_of(planner: _Planner) -> Iterator[AccountPlan]:
    """One plan an account; an account that the policy's filters drop is judged all the same."""
    manager = planner.policy.resource_manager
    kept = manager.resources()
    for account in kept or [_dropped(manager)]:
        judgement, plan = planner.action.plan(account)
        yield AccountPlan(
            policy=planner.policy.name,
            account_id=account["account_id"],
            judgement=judgement,
            steps=plan.steps if kept else (),
            kept=bool(kept),
            not_subscribed=tuple(_not_subscribed(planner, judgement)),
            removes=isinstance(planner.action, RemoveSigninMonitoring),
        )


def _dropped(manager: Any) -> dict[str, Any]:
    """The account as the filter `signin-monitoring` would have handed it to the action."""
    filters = (f for f in manager.iter_filters() if isinstance(f, SigninMonitoring))
    data: dict[str, Any] = next((f.data for f in filters), {})
    options = {key: data[key] for key in ("requirement", "strict") if key in data}
    return {"account_id": manager.config.account_id, ANNOTATION: options}


def _not_subscribed(planner: _Planner, judgement: Judgement | ForwardingJudgement) -> list[str]:
    """The policy's subscriptions that none of the topics of an intact account has."""
    named = planner.subscriptions
    if isinstance(judgement, ForwardingJudgement) or judgement.verdict != "intact" or not named:
        return []
    session = local_session(planner.policy.resource_manager.session_factory)
    existing = set(_existing_subscriptions(Reader(session), _topics(judgement)))
    return [":".join(pair) for pair in named if pair not in existing]


def _topics(judgement: Judgement) -> Iterable[str]:
    working = (path for path in judgement.chains if path.verdict == "intact")
    links = (link for path in working for link in path.links)
    return dict.fromkeys(link.resource for link in links if link.link == "topic")


def _existing_subscriptions(reader: Reader, topics: Iterable[str]) -> Iterator[tuple[str, str]]:
    for arn in topics:
        answer = reader.every(
            "sns",
            Arn.parse(arn).region,
            "list_subscriptions_by_topic",
            "Subscriptions",
            arn,
            subscription,
            TopicArn=arn,
        )
        # The audit has read the same list a moment ago.
        for entry in () if answer is None or isinstance(answer, ReadFailure) else answer:
            if entry.confirmed or entry.pending:
                yield entry.protocol, entry.endpoint


def _command(
    policies: Sequence[str], regions: Sequence[str], profile: str | None, assume_role: str | None
) -> str:
    """What makes the changes that were planned: custodian with the same options."""
    options = [option for region in regions for option in ("-r", region)]
    options += ["--profile", profile] if profile else []
    options += ["--assume", assume_role] if assume_role else []
    return shlex.join(["custodian", "run", "-s", "output", *options, *policies])


def _show(plans: Sequence[AccountPlan], command: str) -> None:
    console = console_for(sys.stdout)
    for account in plans:
        console.print(_tree(account))
    if any(account.exit_code == CHANGES for account in plans):
        following = section("Next", [unbroken(f"Make these changes: {command}")])
        console.print(Group(*following), crop=False)


def _tree(account: AccountPlan) -> Tree:
    tree = Tree(Text(_title(account), style="bold"), guide_style="dim")
    for steps in _alike(account.steps):
        branch = tree.add(_line(steps))
        if len(steps) > 1:
            branch.add(Text(", ".join(map(_region, steps))))
        for call in steps[0].undo:
            branch.add(Text(f"undo: {call_name(call.to_dict())}", style="dim"))
    if account.not_subscribed:
        who = ", ".join(one_line(endpoint) for endpoint in account.not_subscribed)
        why = "not subscribed, because repair only acts on a broken account"
        tree.add(Text(f"{why}: {who}", style="yellow"))
    return tree


def _title(account: AccountPlan) -> str:
    verdict = account.judgement.verdict
    if account.removes and account.exit_code == NOTHING_TO_DO:
        return f"{account.account_id}: nothing to do ({account.policy}; {verdict} now)"
    if verdict == "intact" and not account.removes:
        return f"{account.account_id}: intact, nothing to do ({account.policy})"
    if not account.kept:
        what = "left alone, because the policy's filters do not keep the account"
    elif account.changes:
        what = f"{account.changes} change{'' if account.changes == 1 else 's'}"
    else:
        what = "cannot be repaired"
    return f"{account.account_id}: {what} ({account.policy}; {verdict} now)"


def _alike(steps: Iterable[Step]) -> list[list[Step]]:
    """The steps in their order; those that do the same in several Regions are together."""
    groups: dict[Any, list[Step]] = {}
    for number, step in enumerate(steps):
        calls = [call_name(call.to_dict()) for call in (step.call, *step.undo) if call]
        same = (step.step, step.result, short_name(step.resource), step.why, *calls)
        groups.setdefault(same if _region(step) else number, []).append(step)
    return list(groups.values())


def _region(step: Step) -> str:
    return step.region if isinstance(step, RegionStep) else ""


def _line(steps: Sequence[Step]) -> Text:
    """One line for steps that are alike; of several the JSON form has every resource."""
    step, region = steps[0], _region(steps[0])
    where = f" in {region}" if region else ""
    where = where if len(steps) == 1 else f" in {len(steps)} Regions"
    resource = step.resource if len(steps) == 1 else short_name(step.resource)
    call = f" ({call_name(step.call.to_dict())})" if step.call else ""
    head = f"{_MARKS.get(step.result, '?')} {link_name(step.step)} {step.result}{where}"
    return Text.assemble(
        (head, _STYLES.get(step.result, "")), f" {one_line(f'{resource}{call}: {step.why}')}"
    )
