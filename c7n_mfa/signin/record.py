# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What one CloudTrail record says about a console sign-in.

How somebody signed in, with what outcome and how many factors, and whether that makes it a
single-factor sign-in.  Any JSON value is taken: what a record does not say is unknown, and never
guessed.  Athena, Sentinel and others store parts of a record as JSON texts: these are read, and a
part that cannot be read is unknown too, which is another thing than a part that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeGuard

from c7n_mfa.frozen import frozen
from c7n_mfa.signin.parts import at, read_parts

Path = Literal["password", "saml", "identity-center", "web-identity", "broker", "unknown"]
Outcome = Literal["success", "failure", "unknown"]
Factor = Literal["single", "multi", "unknown"]
_Said = Literal["yes", "no", "nothing", "nonsense"]

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "path-iam-user": "an IAM user signed in with a password",
        "path-root": "the root user signed in with a password",
        "path-saml": "the record names a SAML provider",
        "path-saml-malformed": "SamlProviderArn is present and not a string",
        "path-identity-center": "the role has the name and the path of an Identity Center role",
        "path-identity-center-unproven": (
            "the role looks like one of Identity Center, and the record does not show both the "
            "name and the path of one"
        ),
        "path-look-alike": (
            "the role has the name of an Identity Center role, and lies outside its path"
        ),
        "path-web-identity": "the session comes from a web identity provider",
        "path-broker": "a session was handed to the console, with no SAML provider",
        "path-role-unsaid": "a role signed in, and the record does not say how",
        "path-type-unknown": "userIdentity.type is none that is known to sign in",
        "path-unreadable": "the part of the record that says how somebody came in cannot be read",
        "outcome-success": "ConsoleLogin is Success",
        "outcome-failure": "ConsoleLogin is Failure",
        "outcome-error": "the record carries an error",
        "outcome-unsaid": "the record does not say whether the sign-in succeeded",
        "outcome-unreadable": "responseElements cannot be read",
        "factor-mfa-used": "MFAUsed is Yes",
        "factor-mfa-session": "the session was authenticated with MFA",
        "factor-mfa-not-used": "MFAUsed is No",
        "factor-mfa-absent": "the record has no MFAUsed, and AWS writes it when MFA was used",
        "factor-mfa-elsewhere": ("the record has no MFAUsed, and speaks of MFA under another name"),
        "factor-mfa-malformed": "MFAUsed is neither Yes nor No",
        "factor-session-without-device": (
            "the STS call used no AWS MFA device; MFA before it, or at a provider, looks the same"
        ),
        "factor-session-unsaid": "the record does not say whether the session had MFA",
        "factor-at-provider": "MFA, if any, was asked for at the identity provider",
        "factor-unreadable": "a part of the record that may say that MFA was used cannot be read",
        "factor-path-unknown": "what MFAUsed means depends on the path, which is unknown",
    }
)
"""Every code of `SignIn.reasons`, with its sentence."""

EVENT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""The IDs that AWS gives to events are UUIDs; anything else was written by somebody."""

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What CloudTrail writes for the name of a user that does not exist; it may be a password."""

# The providers of an organization's people, whose MFA is a matter of their own logs.  Web identity
# is for programs and apps: it is no way in that anybody would expect, so it stays unknown.
_PROVIDER_KNOWS = ("saml", "identity-center")
_WEB_IDENTITY = "webIdFederationData"
_SAY_THE_PATH = frozenset(
    {"additionalEventData", "userIdentity", "sessionContext", "sessionIssuer", _WEB_IDENTITY}
)
_SAY_THE_FACTOR = frozenset({"additionalEventData", "userIdentity", "sessionContext", "attributes"})
_SSO_NAME = "AWSReservedSSO_"
_SSO_PATH = ":role/aws-reserved/sso.amazonaws.com/"


OUR_NAMES = re.compile("a hidden user name|the (IAM user|identity) named root", re.IGNORECASE)
"""What `Identity.name` calls somebody in words of ours."""


@frozen
class Identity:
    """Who signed in, as far as the record says; what it does not say is None."""

    type: str | None
    user_name: str | None
    arn: str | None
    account: str | None
    principal_id: str | None

    @property
    def principal(self) -> str:
        """The ARN, or what comes nearest to one."""
        if self.arn:
            return self.arn
        return self.user_name or self.principal_id or self.account or "unknown"

    @property
    def name(self) -> str:
        """What a person calls it: `root`, `alice`, `Engineer/user@example.com`.

        Nobody but root is called root, though an IAM user may have that name.
        """
        if (self.type or "").lower() == "root":
            return "root"  # its userName is the alias of the account
        if self.user_name == HIDDEN:
            return "a hidden user name"
        resource = (self.arn or "").split(":", 5)[-1]
        name = self.user_name or resource.partition("/")[2] or self.principal
        kind = {"iamuser": "IAM user"}.get((self.type or "").lower(), "identity")
        return f"the {kind} named {name}" if name.strip().lower() == "root" else name


@frozen
class SignIn:
    """One console sign-in.

    ``reasons`` holds codes of `REASONS`: first for the path, then the outcome, then the factor.
    """

    path: Path
    outcome: Outcome
    factor: Factor
    reasons: tuple[str, ...]
    identity: Identity
    event_id: str | None
    event_time: str | None
    region: str | None
    address: str | None
    user_agent: str | None

    @classmethod
    def from_record(cls, record: object) -> SignIn | None:
        """The sign-in of a CloudTrail record; None when the record is no console sign-in."""
        if not _is_console_sign_in(record):
            return None
        record, unreadable = read_parts(record)
        path, path_reasons = _path(record, unreadable)
        outcome, outcome_reason = _outcome(record, unreadable)
        factor, factor_reason = _factor(record, path, unreadable)
        return cls(
            path=path,
            outcome=outcome,
            factor=factor,
            reasons=(*path_reasons, outcome_reason, factor_reason),
            identity=_identity(record),
            event_id=text(at(record, "eventID")),
            event_time=text(at(record, "eventTime")),
            region=text(at(record, "awsRegion")),
            address=text(at(record, "sourceIPAddress")),
            user_agent=text(at(record, "userAgent")),
        )

    @property
    def is_single_factor(self) -> bool | None:
        """Whether somebody is in without a second factor; None where that cannot be said."""
        if self.outcome == "failure" or self.factor == "multi" or self.path in _PROVIDER_KNOWS:
            return False
        if self.outcome == "success" and self.factor == "single":
            return True
        return None

    @property
    def principal(self) -> str:
        return self.identity.principal

    @property
    def sentences(self) -> tuple[str, ...]:
        """The reasons as a person reads them."""
        return tuple(REASONS[code] for code in self.reasons)


def _is_console_sign_in(record: object) -> TypeGuard[dict[str, Any]]:
    if at(record, "eventName") != "ConsoleLogin":
        return False
    source = text(at(record, "eventSource"))
    return source is None or source.lower().startswith("signin.")


def _path(record: object, unreadable: frozenset[str]) -> tuple[Path, tuple[str, ...]]:
    path, reasons = _path_said(record)
    if path in ("broker", "web-identity", "unknown") and unreadable & _SAY_THE_PATH:
        return "unknown", ("path-unreadable",)
    return path, reasons


def _path_said(record: object) -> tuple[Path, tuple[str, ...]]:
    saml = at(record, "additionalEventData", "SamlProviderArn")
    if text(saml):
        return "saml", ("path-saml",)
    if saml is not None and not _is_blank(saml):
        return "unknown", ("path-saml-malformed",)
    match (text(at(record, "userIdentity", "type")) or "").lower():
        case "iamuser":
            return "password", ("path-iam-user",)
        case "root":
            return "password", ("path-root",)
        case "webidentityuser":
            return "web-identity", ("path-web-identity",)
        case "federateduser":
            return _session_path(record)
        case "assumedrole":
            return _role_path(record)
    return "unknown", ("path-type-unknown",)


def _role_path(record: object) -> tuple[Path, tuple[str, ...]]:
    """How a role signed in, by its name, its path and its session; nothing else says it."""
    issuer = text(at(record, "userIdentity", "sessionContext", "sessionIssuer", "arn")) or ""
    named, placed = _has_sso_name(record, issuer), _SSO_PATH in issuer
    if named and placed:
        return "identity-center", ("path-identity-center",)
    if placed or (named and not issuer):
        return "unknown", ("path-identity-center-unproven",)
    if not isinstance(at(record, "userIdentity", "sessionContext"), dict):
        return "unknown", ("path-role-unsaid",)
    path, reasons = _session_path(record)
    return path, ("path-look-alike", *reasons) if named else reasons


def _session_path(record: object) -> tuple[Path, tuple[str, ...]]:
    """Where a session comes from that somebody handed to the console."""
    # AWS writes webIdFederationData into the sessions of every other role too, and leaves it empty.
    whose = at(record, "userIdentity")
    places = (at(whose, "sessionContext", _WEB_IDENTITY), at(whose, _WEB_IDENTITY))
    if any(text(at(place, "federatedProvider")) for place in places):
        return "web-identity", ("path-web-identity",)
    return "broker", ("path-broker",)


def _has_sso_name(record: object, issuer: str) -> bool:
    # A role's ARN ends in its name; that of its session has it in the middle.
    session = (text(at(record, "userIdentity", "arn")) or "").split("/")
    issuer_name = text(at(record, "userIdentity", "sessionContext", "sessionIssuer", "userName"))
    names = (issuer.rpartition("/")[2], issuer_name or "", *session[1:2])
    return any(name.startswith(_SSO_NAME) for name in names)


def _outcome(record: object, unreadable: frozenset[str]) -> tuple[Outcome, str]:
    if "responseElements" in unreadable:
        return "unknown", "outcome-unreadable"
    answer = at(record, "responseElements", "ConsoleLogin")
    match (text(answer) or "").lower():
        case "success":
            return "success", "outcome-success"
        case "failure":
            return "failure", "outcome-failure"
    # Splunk writes success where there is no error code.
    code = text(at(record, "errorCode")) or "success"
    if text(at(record, "errorMessage")) or code.lower() != "success":
        return "failure", "outcome-error"
    return "unknown", "outcome-unsaid"


def _factor(record: object, path: Path, unreadable: frozenset[str]) -> tuple[Factor, str]:
    used = _said(at(record, "additionalEventData", "MFAUsed"))
    context = ("userIdentity", "sessionContext", "attributes", "mfaAuthenticated")
    session = _said(at(record, *context))
    if used == "yes":
        return "multi", "factor-mfa-used"
    if session == "yes":
        return "multi", "factor-mfa-session"
    if path in ("saml", "identity-center", "web-identity"):
        return "unknown", "factor-at-provider"
    if unreadable & _SAY_THE_FACTOR:
        return "unknown", "factor-unreadable"
    if path == "password":
        return _password_factor(used, at(record, "additionalEventData"))
    if path == "broker":
        # MFAUsed is No here whatever happened, and the session knows of its own STS call alone:
        # https://github.com/Noovolari/leapp/issues/262
        said = "factor-session-without-device" if session == "no" else "factor-session-unsaid"
        return "unknown", said
    return "unknown", "factor-path-unknown"


def _password_factor(used: _Said, more: object) -> tuple[Factor, str]:
    if used == "no":
        return "single", "factor-mfa-not-used"
    if used == "nonsense":
        return "unknown", "factor-mfa-malformed"
    # A pipeline may have changed the case of a name, or have moved MFAUsed away from MFAIdentifier.
    others = more.items() if isinstance(more, dict) else ()
    if any("mfa" in name.lower() and _said(value) != "nothing" for name, value in others):
        return "unknown", "factor-mfa-elsewhere"
    return "single", "factor-mfa-absent"


def _said(value: object) -> _Said:
    """What a field for yes or no says; it is a text, in more than one spelling."""
    if value is None or _is_blank(value):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    match (text(value) or "").lower():
        case "yes" | "true":
            return "yes"
        case "no" | "false":
            return "no"
    return "nonsense"


def _identity(record: object) -> Identity:
    return Identity(
        type=text(at(record, "userIdentity", "type")),
        user_name=text(at(record, "userIdentity", "userName")),
        arn=text(at(record, "userIdentity", "arn")),
        account=(
            text(at(record, "userIdentity", "accountId")) or text(at(record, "recipientAccountId"))
        ),
        principal_id=text(at(record, "userIdentity", "principalId")),
    )


def text(value: object) -> str | None:
    """A text without the spaces around it; None for anything else and for an empty one."""
    return value.strip() or None if isinstance(value, str) else None


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()
