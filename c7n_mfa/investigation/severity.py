# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The severity of a sign-in, and the reasons for it.  Pure.

Every reason has a level.  The highest is the severity, and one more where two indications of an
intruder share it: a guessed password of an administrator is worse than either alone.  While failed
attempts, history, activity or privileges are not wholly seen, nothing is less than high: whoever
hides them, by a flood of calls or by throttling, must gain nothing by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from c7n_mfa.investigation.dossier import (
    LEVELS,
    Credentials,
    DangerousCall,
    Facts,
    Kind,
    Level,
    Origin,
    Privileges,
    Reason,
    Related,
    Seen,
    Unseen,
)
from c7n_mfa.investigation.identity import ESCALATING
from c7n_mfa.signin.record import SignIn

# They say how things stand, and nothing about who it was.
_NO_INDICATIONS = (
    "single-factor",
    "factor-unknown",
    "mfa-never-enrolled",
    "mfa-enrolled-not-asked",
    "no-history",
    "failures-unknown",
    "history-unknown",
    "activity-unknown",
    "privileges-unknown",
)


def reasons_for(sign_in: SignIn, kind: Kind, moment: datetime, facts: Facts) -> tuple[Reason, ...]:
    """The reasons, the worst first."""
    reasons = [
        *_identity(sign_in, kind),
        *_privileges(facts.privileges, kind),
        *_credentials(sign_in, facts.credentials, moment),
        *_related(facts.related),
        *_origin(facts.origin),
        *_dangers(facts.dangerous),
        *_reach(facts),
        *(_UNSEEN[each] for each in unseen(kind, facts)),
    ]
    return tuple(sorted(reasons, key=lambda reason: -LEVELS.index(reason.level)))


def severity_of(reasons: Sequence[Reason]) -> Level:
    """The highest level, and one more where two indications of an intruder share it."""
    if not reasons:
        return "low"
    top = max(LEVELS.index(reason.level) for reason in reasons)
    highest = [reason for reason in reasons if LEVELS.index(reason.level) == top]
    indications = [reason for reason in highest if reason.code not in _NO_INDICATIONS]
    if len(indications) > 1 and top > 0:
        top = min(top + 1, len(LEVELS) - 1)
    return LEVELS[top]


def unseen(kind: Kind, facts: Facts) -> tuple[Unseen, ...]:
    """What was not seen, or not wholly, of what decides over the severity."""
    origin, activity = facts.origin, facts.activity
    seen: dict[Unseen, bool] = {
        "failures": _is_complete(facts.related.seen),
        "history": facts.earlier is not None
        and facts.earlier.seen.complete
        and origin is not None
        and origin.compared_with is not None,
        "activity": activity is not None and activity.seen.complete,
        "privileges": kind == "root" or _are_seen(facts.privileges),
    }
    return tuple(name for name, is_seen in seen.items() if not is_seen)


def _is_complete(seen: Seen | None) -> bool:
    return seen is not None and seen.complete


def _are_seen(privileges: Privileges | None) -> bool:
    if privileges is None or privileges.administrator is None:
        return False
    return privileges.administrator or privileges.may is not None


def _not_seen(name: Unseen, sentence: str) -> Reason:
    return Reason(f"{name}-unknown", "high", sentence)


_UNSEEN: Mapping[Unseen, Reason] = {
    "failures": _not_seen("failures", "not all attempts before the sign-in could be read"),
    "history": _not_seen("history", "the history of the identity could not be read, or not all"),
    "activity": _not_seen("activity", "not all API calls around the sign-in could be read"),
    "privileges": _not_seen("privileges", "the privileges could not be read, or not all"),
}


def _identity(sign_in: SignIn, kind: Kind) -> Iterator[Reason]:
    if kind == "root" and sign_in.outcome != "failure":
        yield Reason(
            "root", "critical", "the root user has full access, and no policy restricts it"
        )
    if sign_in.is_single_factor:
        yield Reason("single-factor", "low", "the session was opened with one factor")
    elif sign_in.is_single_factor is None:
        yield Reason("factor-unknown", "low", "the session may have been opened with one factor")


def _privileges(privileges: Privileges | None, kind: Kind) -> Iterator[Reason]:
    if kind == "root" or privileges is None:
        return
    if privileges.administrator:
        yield Reason("administrator", "high", f"an administrator: {privileges.because}")
    elif privileges.may:
        escalating = [action for action in privileges.may if action in ESCALATING]
        level: Level = "high" if escalating else "medium"
        listed = ", ".join(escalating or privileges.may)
        yield Reason("may-do-harm", level, f"allowed to call {listed}")


def _credentials(
    sign_in: SignIn, credentials: Credentials | None, moment: datetime
) -> Iterator[Reason]:
    if credentials is None or credentials.mfa is None or sign_in.is_single_factor is False:
        return
    if not credentials.mfa:
        sentence = "no MFA device is enrolled: the password alone opens the console again"
        yield Reason("mfa-never-enrolled", "medium", sentence)
    elif all(device.enrolled and device.enrolled > moment for device in credentials.mfa):
        sentence = "the first MFA device was enrolled after this sign-in, perhaps not by the owner"
        yield Reason("mfa-enrolled-since", "medium", sentence)
    elif sign_in.is_single_factor:
        sentence = "an MFA device is enrolled, and the record says it was not used"
        yield Reason("mfa-enrolled-not-asked", "medium", sentence)


def _related(related: Related) -> Iterator[Reason]:
    if related.burst:
        least = "" if _is_complete(related.seen) else "at least "
        sentence = (
            f"{least}{related.failed} failed attempts in the 48 hours before, in quick succession"
        )
        yield Reason("failed-burst", "high", sentence)
    if related.findings:
        worst = max((f.severity for f in related.findings), key=LEVELS.index)
        level: Level = "high" if LEVELS.index(worst) >= LEVELS.index("high") else "medium"
        number = len(related.findings)
        noun = "finding" if number == 1 else "findings"
        yield Reason("related-findings", level, f"{number} {noun} in 48 hours, the worst {worst}")


def _origin(origin: Origin | None) -> Iterator[Reason]:
    if origin is None or origin.compared_with is None:
        return
    if origin.compared_with == 0:
        yield Reason("no-history", "medium", "there is no history to compare it with")
        return
    since = f"since {origin.seen.since.date().isoformat()}"
    if origin.new_country and origin.place:
        yield Reason("new-country", "high", f"no other call from {origin.place.country} {since}")
    if origin.new_network:
        yield Reason("new-network", "medium", f"no other call from {origin.network} {since}")
    elif origin.new_address:
        yield Reason("new-address", "low", f"a new address in the known network {origin.network}")
    if origin.new_agent:
        yield Reason("new-agent", "low", f"no other sign-in with this kind of browser {since}")
    if origin.unusual_hour:
        yield Reason(
            "unusual-hour", "low", f"no other call at about {origin.hour:02d}:00 UTC {since}"
        )


def _dangers(dangerous: Sequence[DangerousCall]) -> Iterator[Reason]:
    since = [call for call in dangerous if call.since and call.done]
    if since:
        level = max((call.level for call in since), key=LEVELS.index)
        yield Reason("dangerous-calls", level, f"since the sign-in: {_names(since)}")
    refused = [call for call in dangerous if call.since and not call.done]
    if refused:
        sentence = f"refused since the sign-in: {_names(refused)}"
        yield Reason("dangerous-attempts", "medium", sentence)
    before = [call for call in dangerous if not call.since and call.done]
    if before:
        yield Reason("dangerous-before", "low", f"in the 24 hours before: {_names(before)}")


def _names(calls: Sequence[DangerousCall]) -> str:
    return ", ".join(dict.fromkeys(call.name for call in calls))


def _reach(facts: Facts) -> Iterator[Reason]:
    if facts.reach and facts.reach.accounts:
        listed = ", ".join(facts.reach.accounts)
        yield Reason("other-accounts", "medium", f"calls name other accounts: {listed}")
