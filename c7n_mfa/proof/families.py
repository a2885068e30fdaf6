# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""The space of sign-ins, as data: each family, one witness record, and which fields are free.

A family is a class of CloudTrail records that a person would speak of as one kind of event: "an IAM
user signs in with a password and no MFA".  Fields that are not free are the same in every record of
the family, and fields that a witness does not have are absent from every record of it.

Where the knowledge comes from is written beside each family.  *AWS* stands for the CloudTrail and
IAM user guides, *observed* for a published real record, *peer* for a fixture of another project.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import field, replace
from types import MappingProxyType
from typing import Any, Literal

from c7n_mfa.frozen import frozen

Grade = Literal["observed", "possible"]
GRADES: tuple[Grade, ...] = ("observed", "possible")

ACCOUNT = "123456789012"


@frozen
class Account:
    """The account whose sign-ins are asked about, and the partition that it is in."""

    number: str
    partition: str = "aws"


@frozen
class Free:
    """A field whose value nobody can foresee.

    ``like`` is a regular expression that the whole text matches (any text without it), in the
    dialect of filter patterns: alternatives, but no groups.
    ``optional`` says that the field may be absent.
    ``unlike`` are words that nobody is known to have in it: a pattern that names one does not mean
    a value of this field.
    """

    like: str | None = None
    optional: bool = False
    unlike: tuple[str, ...] = ()

    def of(self, account: Account) -> Free:
        if self.like is None or not self.like.startswith(_ARN):
            return self
        rest = self.like.partition("|")[0].removeprefix(_ARN).replace(_ANY_ACCOUNT, account.number)
        return replace(self, like=f"arn:{account.partition}:{rest}")


@frozen
class Family:
    """A class of records: a name, a sentence, a grade, one witness and the fields that are free.

    ``kind`` groups families for a verdict: ``single-factor``, ``multi-factor``, ``federated`` (MFA,
    if any, happened at the identity provider), ``failure`` and ``unrelated``.
    """

    name: str
    sentence: str
    kind: str
    grade: Grade
    source: str
    witness: Mapping[str, Any]
    free: Mapping[tuple[str, ...], Free] = field(default_factory=dict)

    def of(self, account: Account) -> Family:
        """The family's records in one account: its number and its partition are then known."""
        known = {path: free for path, free in self.free.items() if free != _ACCOUNT_ID}
        return replace(
            self,
            witness=relocated(self.witness, account),
            free=MappingProxyType({path: free.of(account) for path, free in known.items()}),
        )

    def with_odd_names(self) -> Family | None:
        """The same with the names that nobody is known to have, if it leaves any out."""
        if not any(free.unlike for free in self.free.values()):
            return None
        return replace(
            self,
            grade="possible",
            sentence=f"{self.sentence}, under a name that holds what stands in ARNs",
            free={path: replace(free, unlike=()) for path, free in self.free.items()},
        )


def relocated(value: Any, account: Account) -> Any:
    """The value with the account in place of the one that stands for all."""
    if isinstance(value, Mapping):
        return {key: relocated(part, account) for key, part in value.items()}
    if not isinstance(value, str):
        return value
    moved = value.replace(ACCOUNT, account.number)
    return (
        f"arn:{account.partition}:{rest}" if (rest := moved.removeprefix(_ARN)) != moved else moved
    )


_ARN = "arn:aws:"

Fields = Mapping[tuple[str, ...], Free]


def _arn(rest: str, unlike: tuple[str, ...] = ()) -> Free:
    """Amazon Resource Names that go on like this, in every partition."""
    arns = (f"arn:{name}:{rest}" for name in ("aws", "aws-cn", "aws-us-gov"))
    return Free("|".join(arns), unlike=unlike)


_ANY_ACCOUNT = "[0-9]{12}"
_ACCOUNT_ID = Free(_ANY_ACCOUNT)
_TEXT = Free()
_MAYBE = Free(optional=True)
_TIME = Free("20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_IP_ADDRESS = "[0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}|[0-9a-f:.]+"
# What stands in ARNs beside names.
_NO_NAMES = (
    "assumed-role",
    "federated-user",
    "AWSReservedSSO",
    "aws-reserved",
    "sso.amazonaws.com",
    "saml-provider",
    ":role/",
    ":root",
    ":sts:",
)
_NAME = "[A-Za-z0-9_+=,.@-]+"
_PATH_AND_NAME = "[A-Za-z0-9_+=,.@/-]*[A-Za-z0-9_+=,.@-]"

_COMMON_FREE: Fields = {
    ("eventVersion",): Free("1[.][0-9]+"),
    ("eventTime",): _TIME,
    ("awsRegion",): Free("[a-z0-9-]+"),
    ("sourceIPAddress",): Free(_IP_ADDRESS),
    ("userAgent",): _TEXT,
    ("eventID",): Free("[0-9a-f-]+"),
    ("recipientAccountId",): _ACCOUNT_ID,
    ("userIdentity", "accountId"): _ACCOUNT_ID,
    ("userIdentity", "principalId"): _TEXT,
    ("tlsDetails", "tlsVersion"): _MAYBE,
    ("tlsDetails", "cipherSuite"): _MAYBE,
    ("tlsDetails", "clientProvidedHostHeader"): _MAYBE,
}
_LOGIN_TO: Fields = {
    ("additionalEventData", "LoginTo"): Free("https://.+"),
    ("additionalEventData", "MobileVersion"): Free("[A-Z][a-z]+"),
}
_IAM_USER_FREE: Fields = {
    ("userIdentity", "userName"): Free(_NAME, unlike=_NO_NAMES),
    ("userIdentity", "principalId"): Free("AIDA[A-Z0-9]+"),
    ("userIdentity", "arn"): _arn(f"iam::[0-9]{{12}}:user/{_PATH_AND_NAME}", _NO_NAMES),
}
_ROOT_FREE: Fields = {
    ("userIdentity", "userName"): _MAYBE,
    ("userIdentity", "accessKeyId"): _MAYBE,
    ("userIdentity", "arn"): _arn("iam::[0-9]{12}:root"),
    ("userIdentity", "principalId"): _ACCOUNT_ID,
}
_ISSUER = ("userIdentity", "sessionContext", "sessionIssuer")
_ROLE_FREE: Fields = {
    ("userIdentity", "arn"): _arn("sts::[0-9]{12}:assumed-role/.+"),
    ("userIdentity", "accessKeyId"): _MAYBE,
    ("userIdentity", "principalId"): Free("AROA[A-Z0-9]+:.+"),
    (*_ISSUER, "principalId"): Free("AROA[A-Z0-9]+"),
    (*_ISSUER, "accountId"): _ACCOUNT_ID,
    (*_ISSUER, "userName"): _TEXT,
    ("userIdentity", "sessionContext", "attributes", "creationDate"): _TIME,
}


def record(identity: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """A console sign-in record as CloudTrail writes it today, with ``extra`` laid over it."""
    record: dict[str, Any] = {
        "eventVersion": "1.08",
        "userIdentity": copy.deepcopy(dict(identity)),
        "eventTime": "2026-01-15T08:30:00Z",
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.10",
        "userAgent": "Mozilla/5.0",
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            "MFAUsed": "No",
        },
        "eventID": "3fcfb182-98f8-4744-bd45-10a395ab61cb",
        "readOnly": False,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": "signin.aws.amazon.com",
        },
    }
    record.update(copy.deepcopy(dict(extra)))
    return {key: value for key, value in record.items() if value is not _GONE}


_GONE = ...  # copied as itself, unlike object()

ALICE = {
    "type": "IAMUser",
    "principalId": "AIDAEXAMPLEALICE00000",
    "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
    "accountId": ACCOUNT,
    "userName": "alice",
}
_ROOT = {
    "type": "Root",
    "principalId": ACCOUNT,
    "arn": f"arn:aws:iam::{ACCOUNT}:root",
    "accountId": ACCOUNT,
    "accessKeyId": "",
}
_SAML_ROLE = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLESAML000000:user@example.com",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Engineer/user@example.com",
    "accountId": ACCOUNT,
}


def role_session(role: str, path: str, mfa: str | None) -> dict[str, Any]:
    """An assumed-role identity with a session; ``mfa`` is the text CloudTrail writes, or absent."""
    attributes = {"creationDate": "2026-01-15T08:29:58Z"}
    if mfa is not None:
        attributes["mfaAuthenticated"] = mfa
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLEROLE000000:user@example.com",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/user@example.com",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE000000000",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLEROLE000000",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/{path}{role}",
                "accountId": ACCOUNT,
                "userName": role,
            },
            "attributes": attributes,
        },
    }


def _federated_user(mfa: str) -> dict[str, Any]:
    identity = role_session("unused", "", mfa)
    identity["type"] = "FederatedUser"
    identity["principalId"] = f"{ACCOUNT}:alice"
    identity["arn"] = f"arn:aws:sts::{ACCOUNT}:federated-user/alice"
    identity["sessionContext"]["sessionIssuer"] = {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLEBROKER0000",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/broker",
        "accountId": ACCOUNT,
        "userName": "broker",
    }
    return identity


def _login(mfa: str | None, **more: Any) -> dict[str, Any]:
    """``additionalEventData`` of a password sign-in; ``mfa`` None leaves MFAUsed out."""
    data: dict[str, Any] = {
        "LoginTo": "https://console.aws.amazon.com/console/home",
        "MobileVersion": "No",
    }
    if mfa is not None:
        data["MFAUsed"] = mfa
    return {"additionalEventData": {**data, **more}}


_NO_LOGIN_TO = {"additionalEventData": {"MobileVersion": "No", "MFAUsed": "No"}}
_FAILED = {"responseElements": {"ConsoleLogin": "Failure"}}
_OLD = {
    "eventVersion": "1.05",
    "eventType": "AwsConsoleSignin",
    "readOnly": _GONE,
    "managementEvent": _GONE,
    "eventCategory": _GONE,
    "tlsDetails": _GONE,
}
_DEVICE = {"MFAIdentifier": f"arn:aws:iam::{ACCOUNT}:mfa/alice"}
_FAILED_ALICE = {key: value for key, value in ALICE.items() if key != "arn"}
_FAILED_ALICE["accessKeyId"] = ""
_NOBODY = {**_FAILED_ALICE, "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}
_SSO_PATH = "aws-reserved/sso.amazonaws.com/"
_SSO_ROLE = "AWSReservedSSO_Engineer_0123456789abcdef"


def _family(
    name: str,
    sentence: str,
    kind: str,
    source: str,
    witness: dict[str, Any],
    *free: Mapping[Any, Free],
    grade: Grade = "observed",
) -> Family:
    merged: dict[tuple[str, ...], Free] = {}
    for fields in (_COMMON_FREE, *free):
        merged.update(fields)
    return Family(name, sentence, kind, grade, source, witness, MappingProxyType(merged))


_DEVICE_FREE: Fields = {("additionalEventData", "MFAIdentifier"): _MAYBE}
API_CALL = {
    "eventSource": "ec2.amazonaws.com",
    "eventName": "DescribeInstances",
    "eventType": "AwsApiCall",
    "responseElements": None,
    "additionalEventData": _GONE,
    "readOnly": True,
}
_CALL_FREE: Fields = {
    ("eventSource",): Free("[a-z0-9-]+[.]amazonaws[.]com"),
    ("sourceIPAddress",): Free(_IP_ADDRESS + "|AWS Internal|[a-z0-9-]+[.]amazonaws[.]com"),
    ("requestID",): _MAYBE,
}

FAMILIES: tuple[Family, ...] = (
    _family(
        "iam-user",
        "an IAM user signs in with a password and no MFA",
        "single-factor",
        "AWS: CloudTrail sign-in events; observed: invictus-ir/aws_dataset",
        record(ALICE, {}),
        _LOGIN_TO,
        _IAM_USER_FREE,
    ),
    _family(
        "root",
        "the root user signs in with a password and no MFA",
        "single-factor",
        "AWS: CloudTrail sign-in events",
        record(_ROOT, {}),
        _LOGIN_TO,
        _ROOT_FREE,
    ),
    _family(
        "broker-role",
        "a federation broker opens a console session for a role without proof of MFA",
        "single-factor",
        "observed: mapbox records of GetSigninToken sign-ins",
        record(role_session("Broker", "", "false"), _NO_LOGIN_TO),
        _ROLE_FREE,
        {(*_ISSUER, "arn"): _arn("iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@-]+")},
    ),
    _family(
        "broker-federated-user",
        "a federation broker opens a console session for a federated user without proof of MFA",
        "single-factor",
        "peer: Elastic, federated-user sign-in rule",
        record(_federated_user("false"), _NO_LOGIN_TO),
        _ROLE_FREE,
        {
            ("userIdentity", "principalId"): Free("[0-9]{12}:.+"),
            ("userIdentity", "arn"): _arn("sts::[0-9]{12}:federated-user/[A-Za-z0-9_+=,.@-]+"),
            (*_ISSUER, "principalId"): Free("AIDA[A-Z0-9]+"),
            (*_ISSUER, "arn"): _arn(f"iam::[0-9]{{12}}:user/{_PATH_AND_NAME}"),
        },
        grade="possible",
    ),
    _family(
        "broker-role-unsaid",
        "a federation broker opens a console session for a role and the record does not say "
        "whether MFA was used",
        "single-factor",
        "AWS: sessionContext attributes are optional",
        record(role_session("Broker", "", None), _NO_LOGIN_TO),
        _ROLE_FREE,
        {(*_ISSUER, "arn"): _arn("iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@-]+")},
        grade="possible",
    ),
    _family(
        "iam-user-unsaid",
        "an IAM user signs in and the record has no MFAUsed",
        "single-factor",
        "AWS: additionalEventData is optional; peer: Panther, records with MFAUsed absent",
        record(ALICE, _login(None)),
        _LOGIN_TO,
        _IAM_USER_FREE,
        grade="possible",
    ),
    _family(
        "root-unsaid",
        "the root user signs in and the record has no MFAUsed",
        "single-factor",
        "AWS: additionalEventData is optional",
        record(_ROOT, _login(None)),
        _LOGIN_TO,
        _ROOT_FREE,
        grade="possible",
    ),
    _family(
        "iam-user-bare",
        "an IAM user signs in and the record has no additionalEventData at all",
        "single-factor",
        "AWS: additionalEventData is optional; peer: Panther fixtures",
        record(ALICE, {"additionalEventData": _GONE}),
        _IAM_USER_FREE,
        grade="possible",
    ),
    _family(
        "iam-user-old-record",
        "an IAM user signs in without MFA and the record has the form of 2018",
        "single-factor",
        "AWS: sign-in samples of 2018 to 2021 (eventType AwsConsoleSignin)",
        record(ALICE, _OLD),
        _LOGIN_TO,
        _IAM_USER_FREE,
        grade="possible",
    ),
    _family(
        "iam-user-mfa",
        "an IAM user signs in with MFA",
        "multi-factor",
        "AWS: CloudTrail sign-in events; observed: invictus-ir/aws_dataset",
        record(ALICE, _login("Yes", **_DEVICE)),
        _LOGIN_TO,
        _IAM_USER_FREE,
        _DEVICE_FREE,
    ),
    _family(
        "root-mfa",
        "the root user signs in with MFA",
        "multi-factor",
        "AWS: CloudTrail sign-in events",
        record(_ROOT, _login("Yes", **_DEVICE)),
        _LOGIN_TO,
        _ROOT_FREE,
        _DEVICE_FREE,
    ),
    _family(
        "root-mfa-capitals",
        'the root user signs in with MFA and the record says "YES"',
        "multi-factor",
        "AWS: the root-with-MFA sample of the CloudTrail user guide, 2023",
        record(_ROOT, _login("YES", **_DEVICE)),
        _LOGIN_TO,
        _ROOT_FREE,
        _DEVICE_FREE,
        grade="possible",
    ),
    _family(
        "broker-role-mfa",
        "a federation broker opens a console session for a role that was assumed with MFA",
        "multi-factor",
        "observed: mapbox records (mfaAuthenticated true beside MFAUsed No)",
        record(role_session("Broker", "", "true"), _NO_LOGIN_TO),
        _ROLE_FREE,
        {(*_ISSUER, "arn"): _arn("iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@-]+")},
    ),
    _family(
        "saml",
        "somebody signs in through a SAML identity provider",
        "federated",
        "observed: azure-docs 35206 (MFAUsed No even when the identity provider asked for MFA)",
        record(
            _SAML_ROLE,
            _login("No", SamlProviderArn=f"arn:aws:iam::{ACCOUNT}:saml-provider/example"),
        ),
        _LOGIN_TO,
        {
            ("userIdentity", "principalId"): Free("AROA[A-Z0-9]+:.+"),
            ("userIdentity", "arn"): _arn("sts::[0-9]{12}:assumed-role/.+"),
            ("additionalEventData", "SamlProviderArn"): _arn("iam::[0-9]{12}:saml-provider/.+"),
        },
    ),
    _family(
        "identity-center",
        "somebody signs in through IAM Identity Center",
        "federated",
        "observed: Panther fixtures of AWSReservedSSO sign-ins",
        record(role_session(_SSO_ROLE, _SSO_PATH, "false"), _NO_LOGIN_TO),
        _ROLE_FREE,
        {
            ("userIdentity", "arn"): _arn("sts::[0-9]{12}:assumed-role/AWSReservedSSO_.+"),
            (*_ISSUER, "arn"): _arn("iam::[0-9]{12}:role/aws-reserved/sso[.]amazonaws[.]com/.+"),
            (*_ISSUER, "userName"): Free("AWSReservedSSO_.+"),
        },
    ),
    _family(
        "iam-user-failure",
        "an IAM user's sign-in without MFA fails",
        "failure",
        "AWS: CloudTrail sign-in events (no ARN on a failure since 2018)",
        record(_FAILED_ALICE, {**_FAILED, "errorMessage": "Failed authentication"}),
        _LOGIN_TO,
        {("userIdentity", "userName"): _TEXT},
    ),
    _family(
        "root-failure",
        "a sign-in as the root user without MFA fails",
        "failure",
        "AWS: CloudTrail sign-in events",
        record(_ROOT, {**_FAILED, "errorMessage": "Failed authentication"}),
        _LOGIN_TO,
        _ROOT_FREE,
    ),
    _family(
        "unknown-user-failure",
        "a sign-in with a user name that does not exist fails",
        "failure",
        "AWS: CloudTrail record contents (HIDDEN_DUE_TO_SECURITY_REASONS)",
        record(_NOBODY, {**_FAILED, "errorMessage": "No username found in supplied account"}),
        _LOGIN_TO,
    ),
    _family(
        "api-call",
        "an IAM user calls an API of some service",
        "unrelated",
        "AWS: CloudTrail record contents",
        record({**ALICE, "accessKeyId": "AKIAEXAMPLE000000000"}, API_CALL),
        _CALL_FREE,
        _IAM_USER_FREE,
        {("eventName",): Free("[A-BD-Z][A-Za-z0-9]*")},
    ),
    _family(
        "check-mfa",
        "the sign-in page asks an IAM user for the MFA code",
        "unrelated",
        "AWS: CheckMfa event; observed: invictus-ir/aws_dataset",
        record(
            _FAILED_ALICE,
            {
                "eventName": "CheckMfa",
                "responseElements": {"CheckMfa": "Success"},
                "additionalEventData": {"MfaType": "Virtual MFA"},
            },
        ),
        {("userIdentity", "userName"): _TEXT},
    ),
    _family(
        "switch-role",
        "an IAM user switches role in the console",
        "unrelated",
        "observed: SwitchRole records (no MFAUsed)",
        record(
            role_session("Engineer", "", "true"),
            {
                "eventName": "SwitchRole",
                "responseElements": {"SwitchRole": "Success"},
                "additionalEventData": {
                    "SwitchFrom": f"arn:aws:iam::{ACCOUNT}:user/alice",
                    "RedirectTo": "https://console.aws.amazon.com/",
                },
            },
        ),
        _ROLE_FREE,
        {("additionalEventData", "SwitchFrom"): _TEXT},
    ),
)
