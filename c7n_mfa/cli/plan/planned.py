# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What repair policies would do, asked of their own actions; nothing is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import boto3
from botocore.exceptions import NoRegionError
from c7n.commands import policy_command
from c7n.config import Config
from c7n.utils import local_session

from c7n_mfa.audit.element import ANNOTATION, SetSigninMonitoring, SigninMonitoring
from c7n_mfa.audit.shapes import subscription
from c7n_mfa.audit.verdicts import Judgement
from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.read import Reader, ReadFailure
from c7n_mfa.cli.report.others import ELEMENTS
from c7n_mfa.cli.report.shape import clean
from c7n_mfa.entry import initialize
from c7n_mfa.forwarding.element import SetSigninForwarding
from c7n_mfa.forwarding.values import Judgement as Forwarding
from c7n_mfa.forwarding.values import Step as ForwardingStep
from c7n_mfa.repair.removal_element import RemoveSigninMonitoring
from c7n_mfa.repair.values import Step, is_write

NOTHING_TO_DO, CHANGES, CANNOT_TELL = 0, 1, 2
_NOBODY_READS = re.compile(r"(.+\.)?example\.(com|net|org)\.?", re.IGNORECASE)
_MAIL = ("email", "email-json")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one policy would do to one account.

    ``kept`` says whether the policy's own filters keep the account; ``not_subscribed`` names the
    subscriptions of the policy that the topics of an intact account do not have.
    """

    policy: str
    account_id: str
    judgement: Judgement | Forwarding
    steps: tuple[Step | ForwardingStep, ...]
    kept: bool = True
    not_subscribed: tuple[str, ...] = ()
    removes: bool = False

    @property
    def exit_code(self) -> int:
        if self.removes:
            return self._removal_code
        if self.judgement.verdict == "unknown":
            return CANNOT_TELL
        if any(is_write(step) for step in self.steps):
            return CHANGES
        return NOTHING_TO_DO if self.judgement.verdict == "intact" else CANNOT_TELL

    @property
    def _removal_code(self) -> int:
        """A removal hangs on what is ours, and on no verdict."""
        if any(step.step == "chain" for step in self.steps):
            return CANNOT_TELL
        return CHANGES if any(is_write(step) for step in self.steps) else NOTHING_TO_DO

    def to_dict(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "account_id": self.account_id,
            "verdict": self.judgement.verdict,
            "kept": self.kept,
            "steps": [step.to_dict() for step in self.steps],
            "not_subscribed": list(self.not_subscribed),
        }


@dataclass(frozen=True, slots=True)
class Repair:
    """A policy and its action that repairs, forwards, or takes a repair back."""

    policy: Any
    action: SetSigninMonitoring | RemoveSigninMonitoring | SetSigninForwarding


def load_policies(
    paths: Sequence[str], regions: Sequence[str], profile: str | None, assume_role: str | None
) -> list[Any]:
    """The policies in files; custodian says what is wrong with a file, and exits."""
    initialize()
    # Custodian would say of a profile that is not there that it has no Region, and of a Region that
    # is not there not how to name one.
    if not boto3.Session(profile_name=profile).region_name and not regions:
        raise NoRegionError
    found: list[Any] = []
    load = policy_command(lambda _, policies: found.extend(policies))
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
    return found


def repairs_of(policy: Any) -> list[Repair]:
    """Each action of a policy that can say what it would do."""
    return [
        Repair(policy, action)
        for action in policy.resource_manager.actions
        if isinstance(action, SetSigninMonitoring | RemoveSigninMonitoring | SetSigninForwarding)
    ]


def is_ours(policy: Any) -> bool:
    """Whether a policy has an action of ours, and so might be taken to have a plan."""
    ours = ELEMENTS.get(policy.resource_type.removeprefix("aws."), ())
    return any(action.type in ours for action in policy.resource_manager.actions)


def plans_of(repair: Repair) -> Iterator[Plan]:
    """One plan an account; an account that the policy's filters drop is judged all the same."""
    manager = repair.policy.resource_manager
    kept = manager.resources()
    for account in kept or [_dropped(manager)]:
        judgement, steps = _planned(repair, account)
        yield Plan(
            policy=repair.policy.name,
            account_id=account["account_id"],
            judgement=judgement,
            steps=steps if kept else (),
            kept=bool(kept),
            not_subscribed=tuple(_not_subscribed(repair, judgement)),
            removes=isinstance(repair.action, RemoveSigninMonitoring),
        )


def _planned(
    repair: Repair, account: dict[str, Any]
) -> tuple[Judgement | Forwarding, tuple[Step | ForwardingStep, ...]]:
    judgement, steps = repair.action.plan(account)
    if isinstance(judgement, Forwarding):
        steps = (*steps.before, *chain.from_iterable(steps.regions.values()), *steps.after)
    return judgement, steps


def warnings(repair: Repair) -> Iterator[str]:
    """What is wrong with whom a policy would subscribe: mail that nobody gets."""
    for protocol, endpoint in _wished(repair):
        fault = _fault(protocol, endpoint)
        if fault:
            yield (
                f"the policy {repair.policy.name} subscribes {clean(endpoint)}, {fault}; put your "
                "own subscriptions into the policy file"
            )


def _fault(protocol: str, endpoint: str) -> str | None:
    if protocol not in _MAIL:
        return None
    domain = endpoint.rpartition("@")[2]
    return f"and nobody reads mail at {domain}" if _NOBODY_READS.fullmatch(domain) else None


def _dropped(manager: Any) -> dict[str, Any]:
    """The account as the filter `signin-monitoring` would have handed it to the action."""
    ours = (f for f in manager.iter_filters() if isinstance(f, SigninMonitoring))
    data: dict[str, Any] = next((f.data for f in ours), {})
    asked = {key: data[key] for key in ("requirement", "strict") if key in data}
    return {"account_id": manager.config.account_id, ANNOTATION: asked}


def _wished(repair: Repair) -> list[tuple[str, str]]:
    wished = repair.action.data.get("subscriptions", ())
    return [(each["protocol"], each["endpoint"]) for each in wished]


def _not_subscribed(repair: Repair, judgement: Judgement | Forwarding) -> list[str]:
    """The policy's subscriptions that none of the topics of an intact account has."""
    wished = _wished(repair)
    if isinstance(judgement, Forwarding) or judgement.verdict != "intact" or not wished:
        return []
    session = local_session(repair.policy.resource_manager.session_factory)
    there = set(_subscribed(Reader(session), _topics(judgement)))
    return [f"{protocol}:{endpoint}" for protocol, endpoint in wished
            if (protocol, endpoint) not in there]  # fmt: skip


def _topics(judgement: Judgement) -> Iterable[str]:
    working = (each for each in judgement.chains if each.verdict == "intact")
    links = (link for each in working for link in each.links)
    return dict.fromkeys(link.resource for link in links if link.link == "topic")


def _subscribed(reader: Reader, topics: Iterable[str]) -> Iterator[tuple[str, str]]:
    for arn in topics:
        found = reader.every(
            "sns",
            Arn.parse(arn).region,
            "list_subscriptions_by_topic",
            "Subscriptions",
            arn,
            subscription,
            TopicArn=arn,
        )
        # The audit has read the same list a moment ago.
        for each in () if found is None or isinstance(found, ReadFailure) else found:
            if each.confirmed or each.pending:
                yield each.protocol, each.endpoint
