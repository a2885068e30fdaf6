# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Who signed in, when, from where and how, in a few lines.  Pure."""

from __future__ import annotations

from collections.abc import Iterator

from c7n_mfa.alerting.links import event_link, user_link
from c7n_mfa.aws.text import named, quote, unlinked
from c7n_mfa.signin.criteria import identity
from c7n_mfa.signin.record import SignIn

_TEXT_LENGTH = 300
_NAME_LENGTH = 64
_KINDS = {
    "root": "the root user",
    "iam-user": "IAM user",
    "assumed-role": "role session",
    "federated-user": "federated user",
    "unknown": "identity of an unknown type",
}
_WAYS = {
    "password": "with a password",
    "saml": "through SAML",
    "identity-center": "through IAM Identity Center",
    "web-identity": "through a web identity provider",
    "broker": "through a federation broker",
    "unknown": "in an unknown way",
}
_FACTORS = {
    "single": "without MFA",
    "multi": "with MFA",
    "unknown": "MFA unknown (the record does not say)",
}
_OUTCOMES = {
    "success": "successful",
    "failure": "failed",
    "unknown": "outcome unknown (the record does not say)",
}


def circumstances(sign_in: SignIn) -> Iterator[str]:
    agent = f", browser {quote(sign_in.user_agent, _TEXT_LENGTH)}" if sign_in.user_agent else ""
    address = named(sign_in.address, _NAME_LENGTH) if sign_in.address else "an unknown address"
    time = named(sign_in.event_time, _NAME_LENGTH) if sign_in.event_time else "unknown"
    region = named(sign_in.region, _NAME_LENGTH) if sign_in.region else "unknown"
    how = _WAYS[sign_in.path], _FACTORS[sign_in.factor], _OUTCOMES[sign_in.outcome]
    event, user = event_link(sign_in), user_link(sign_in)
    yield f"Who:    {_who(sign_in)}"
    yield f"When:   {time}, Region {region}"
    yield f"From:   {address}{agent}"
    yield f"How:    {', '.join(how)}"
    if user:
        yield f"User:   {user}"
    yield f"Event:  {event or named(sign_in.event_id or 'without an id', _NAME_LENGTH)}"


def _who(sign_in: SignIn) -> str:
    kind, principal = identity(sign_in), unlinked(sign_in.principal, _TEXT_LENGTH)
    return _KINDS[kind] if kind == "root" else f"{_KINDS[kind]}, {principal}"
