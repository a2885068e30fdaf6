# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The two inline policies, written and read back.

They are small on purpose: all inline policies of a user share 2,048 characters.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from c7n_mfa.aws.times import format_time, parse_time
from c7n_mfa.containment.values import REQUIRE_MFA, Document
from c7n_mfa.frozen import frozen

QUOTA = 2048
"""Characters that the inline policies of one user may have together, white space not counted."""

Scope = Literal["console", "all"]
Enrolment = Literal["closed", "open"]

# `Bool` is false where the key is absent, as it is in requests signed with an access key; the
# key is there, and false, in a console session without MFA.  `BoolIfExists` is true for both.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
_OPERATORS: dict[Scope, str] = {"console": "Bool", "all": "BoolIfExists"}

# What somebody needs who enrols a device, and who has to change the password before that.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
ENROLMENT = (
    "iam:ChangePassword",
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:GetAccountPasswordPolicy",
    "iam:GetMFADevice",
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
    "iam:ResyncMFADevice",
    "sts:GetSessionToken",
)


@frozen
class Form:
    """Which of its forms the policy that requires MFA has."""

    scope: Scope = "console"
    enrolment: Enrolment = "closed"


def require_mfa(form: Form) -> Document:
    """Deny everything, or all but enrolment, in what the scope reaches without MFA."""
    what = _EVERYTHING if form.enrolment == "closed" else {"NotAction": list(ENROLMENT)}
    return _policy(_deny(what, _OPERATORS[form.scope], "aws:MultiFactorAuthPresent", "false"))


def revoke_sessions(before: datetime) -> Document:
    """Deny everything in a user's sessions issued before this time, and in all of OAuth clients.

    The credentials of `aws login` are new every 15 minutes, for up to 12 hours, and no key says
    when their session began.  `aws:SignInSessionArn` is there in all of them, and never in a
    session of the console or in requests signed with an access key.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-signinsessionarn
    """
    document = revoke_older(before)
    document["Statement"] += _deny(_EVERYTHING, "Null", "aws:SignInSessionArn", "false")
    return document


def revoke_older(before: datetime) -> Document:
    """Deny everything in sessions issued before this time, as the IAM console does for a role.

    The key is absent in requests signed with an access key: the policy leaves those alone.
    """
    statements = _deny(_EVERYTHING, "DateLessThan", "aws:TokenIssueTime", format_time(before))
    return _policy(statements)


def form_of(document: object) -> Form | None:
    """The form of a policy that requires MFA; None for a policy that is not as we write it."""
    scopes: tuple[Scope, ...] = ("console", "all")
    enrolments: tuple[Enrolment, ...] = ("closed", "open")
    forms = itertools.starmap(Form, itertools.product(scopes, enrolments))
    return next((form for form in forms if require_mfa(form) == document), None)


def cutoff_of(document: object) -> datetime | None:
    """The time before which a policy revokes sessions; None when it is not as we write it."""
    try:
        text = document["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"]  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        return None
    time = parse_time(text)
    # The second is what functions put that were deployed before `aws login` was thought of.
    ours = time and document in (revoke_sessions(time), revoke_older(time))
    return time if ours else None


def is_unchanged(policy: str, document: object) -> bool:
    """Whether the policy of this name is as we write it, in any form."""
    return (form_of if policy == REQUIRE_MFA else cutoff_of)(document) is not None


def text_of(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"))


def size_of(document: Document) -> int:
    """Its share of the quota."""
    return len("".join(text_of(document).split()))


_EVERYTHING = {"Action": "*"}


def _policy(statements: list[Document]) -> Document:
    return {"Version": "2012-10-17", "Statement": statements}


def _deny(
    what: Mapping[str, str | list[str]], operator: str, key: str, value: str
) -> list[Document]:
    condition = {operator: {key: value}}
    return [{"Effect": "Deny", **what, "Resource": "*", "Condition": condition}]
