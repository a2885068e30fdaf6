# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What IAM has of a user or a role: credentials, owner and privileges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from c7n_mfa.aws.arn import Arn
from c7n_mfa.aws.response import policy_document
from c7n_mfa.investigation.ask import Inquiry
from c7n_mfa.investigation.dossier import AccessKey, Credentials, MfaDevice, Owner, Privileges
from c7n_mfa.investigation.records import Who
from c7n_mfa.signin.parts import at

PRIVILEGES = "privileges"
SIMULATOR = "the answer of the policy simulator"
ADMINISTRATOR = "AdministratorAccess"

# What decides over the damage; the policy simulator takes them in one request.
SIMULATED = (
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateUser",
    "iam:PassRole",
    "iam:UpdateAssumeRolePolicy",
    "sts:AssumeRole",
    "cloudtrail:StopLogging",
    "ec2:RunInstances",
    "kms:Decrypt",
    "lambda:CreateFunction",
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
)
# With these a user can make itself administrator.
ESCALATING = ("iam:AttachUserPolicy", "iam:CreateAccessKey", "iam:UpdateAssumeRolePolicy")

# A user may have 10 groups with 10 policies each; an administrator is found long before.
_DOCUMENTS = 20
# What SimulatePrincipalPolicy takes; a record may hold anything.
_IAM_ARN = re.compile(r"arn:[\w-]+:iam::\d{12}:(user|role)/\S{1,1024}", re.ASCII)


def ask_credentials(inquiry: Inquiry, user: str) -> Credentials:
    """Password, MFA devices and access keys of a user, as they are now."""
    password = inquiry.one(
        "whether the user has a password",
        "iam",
        "get_login_profile",
        lambda answer: bool(answer["LoginProfile"]),
        absent=False,
        UserName=user,
    )
    devices = inquiry.every(
        "whether MFA is enrolled", "iam", "list_mfa_devices", "MFADevices", _device, UserName=user
    )
    keys = inquiry.every(
        "access keys", "iam", "list_access_keys", "AccessKeyMetadata", _key, UserName=user
    )
    return Credentials(password, devices, keys)


def ask_owner(inquiry: Inquiry, who: Who, tags: Sequence[str]) -> Owner | None:
    """Whom to contact: tags of the user or role; for root, the account's security contact."""
    if who.kind == "root":
        contact = inquiry.one(
            "the account's security contact",
            "account",
            "get_alternate_contact",
            _contact,
            absent=(),
            AlternateContactType="SECURITY",
        )
        return None if contact is None else Owner(contact)
    kind, name = _iam_kind(who)
    pairs = inquiry.every(
        f"tags of the {kind}",
        "iam",
        f"list_{kind}_tags",
        "Tags",
        lambda tag: (tag["Key"], tag["Value"]),
        **{f"{kind.capitalize()}Name": name},
    )
    if pairs is None:
        return None
    owners = {tag.lower() for tag in tags}
    return Owner(tuple((key, value) for key, value in pairs if key.lower() in owners))


def ask_privileges(inquiry: Inquiry, who: Who) -> Privileges:
    """Administrator or not, by the policies; where they do not say, by the simulator."""
    return _Privileges(inquiry, who).ask()


@dataclass
class _Privileges:
    inquiry: Inquiry
    who: Who
    groups: tuple[str, ...] = ()
    arns: list[str] = field(default_factory=list)
    inline: list[tuple[str, str, str]] = field(default_factory=list)
    is_complete: bool = True

    def ask(self) -> Privileges:
        kind, name = _iam_kind(self.who)
        if kind == "user":
            groups = self._every("list_groups_for_user", "Groups", "GroupName", UserName=name)
            self.groups = tuple(groups)
        self._policies(kind, name)
        for group in self.groups:
            self._policies("group", group)
        because = self._administrator()
        if because:
            return self._privileges(True, because)
        may = self._may()
        if self.is_complete:
            return self._privileges(False, "no policy allows every action on every resource", may)
        return self._privileges(None, "not all policies could be read", may)

    def _privileges(
        self, administrator: bool | None, because: str, may: tuple[str, ...] | None = None
    ) -> Privileges:
        inline = [f"{name} (inline)" for _, _, name in self.inline]
        policies = (*_names(self.arns), *inline)
        return Privileges(administrator, because, tuple(dict.fromkeys(policies)), self.groups, may)

    def _policies(self, kind: str, name: str) -> None:
        whose = {f"{kind.capitalize()}Name": name}
        attached = f"list_attached_{kind}_policies"
        self.arns += self._every(attached, "AttachedPolicies", "PolicyArn", **whose)
        inline = self._every(f"list_{kind}_policies", "PolicyNames", None, **whose)
        self.inline += [(kind, name, policy) for policy in inline]

    def _every(self, operation: str, key: str, part: str | None, **params: Any) -> tuple[str, ...]:
        texts = self.inquiry.every(
            PRIVILEGES, "iam", operation, key, lambda item: _named(item, part), **params
        )
        self.is_complete &= texts is not None
        return texts or ()

    def _administrator(self) -> str | None:
        """Why it is administrator; None when nothing that could be read makes it one."""
        for arn in self.arns:
            if is_administrator_policy(arn):
                return "it has the policy AdministratorAccess"
        for number, (name, document) in enumerate(self._documents(), 1):
            if allows_everything(document):
                return f"its policy {name} allows every action on every resource"
            if number >= _DOCUMENTS:
                self.inquiry.note(PRIVILEGES, f"only {_DOCUMENTS} of the policies were read")
                self.is_complete = False
                break
        return None

    def _documents(self) -> Iterator[tuple[str, Any]]:
        for kind, owner, name in self.inline:
            whose = {f"{kind.capitalize()}Name": owner, "PolicyName": name}
            yield name, self._one(f"get_{kind}_policy", policy_document, **whose)
        for arn in dict.fromkeys(self.arns):
            # Of AWS's own, only AdministratorAccess allows everything.  A path may hold colons.
            if Arn.parse(arn).account == "aws":
                continue
            version = self._one("get_policy", lambda a: a["Policy"]["DefaultVersionId"], Arn=arn)
            if version:
                yield (
                    arn.rpartition("/")[2],
                    self._one(
                        "get_policy_version",
                        lambda a: policy_document(a["PolicyVersion"], "Document"),
                        Arn=arn,
                        VersionId=version,
                    ),
                )

    def _one(self, operation: str, shape: Any, Arn: str | None = None, **params: Any) -> Any:
        if Arn:
            params["PolicyArn"] = Arn
        answer = self.inquiry.one(PRIVILEGES, "iam", operation, shape, **params)
        self.is_complete &= answer is not None
        return answer

    def _may(self) -> tuple[str, ...] | None:
        """Which of some dangerous actions the simulator allows, boundaries included."""
        if not _IAM_ARN.fullmatch(self.who.arn or ""):
            self.inquiry.note(SIMULATOR, "the record has no ARN that IAM knows")
            return None
        return self.inquiry.one(  # type: ignore[no-any-return]
            SIMULATOR,
            "iam",
            "simulate_principal_policy",
            _allowed,
            PolicySourceArn=self.who.arn,
            ActionNames=list(SIMULATED),
        )


def _iam_kind(who: Who) -> tuple[str, str]:
    return ("user", who.user) if who.user else ("role", who.role or "")


def _device(item: Mapping[str, Any]) -> MfaDevice:
    return MfaDevice(str(item["SerialNumber"]), _time(item.get("EnableDate")))


def _key(item: Mapping[str, Any]) -> AccessKey:
    active = item["Status"] == "Active"
    return AccessKey(str(item["AccessKeyId"]), active, _time(item.get("CreateDate")))


def _contact(answer: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    contact = answer["AlternateContact"]
    keys = ("Name", "Title", "EmailAddress", "PhoneNumber")
    return tuple((key, str(contact[key])) for key in keys if contact.get(key))


def _named(item: Any, part: str | None) -> str:
    return str(item[part] if part else item)


def _allowed(answer: Mapping[str, Any]) -> tuple[str, ...]:
    results = answer["EvaluationResults"]
    return tuple(r["EvalActionName"] for r in results if r["EvalDecision"] == "allowed")


def _time(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


def allows_everything(document: Any) -> bool:
    """Does a statement allow every action on every resource, whatever its conditions?

    A condition may narrow it to nothing, so that this may say too much.  It never says too little.
    """
    statements = at(document, "Statement")
    return any(map(_allows_everything, _listed(statements)))


def _allows_everything(statement: Any) -> bool:
    return (
        at(statement, "Effect") == "Allow"
        and any(map(_EVERY_ACTION.fullmatch, _texts(at(statement, "Action"))))
        and any(map(_EVERY_RESOURCE.fullmatch, _texts(at(statement, "Resource"))))
    )


_EVERY_ACTION = re.compile(r"\*+(:\*+)?")
_EVERY_RESOURCE = re.compile(r"\*+|arn:(\*+|aws[a-z-]*)(:\*+)+(/\*+)?")


def _texts(value: Any) -> list[str]:
    return [text for text in _listed(value) if isinstance(text, str)]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def is_administrator_policy(arn: str) -> bool:
    """AWS's own policy, in whatever partition; one of the customer may bear the same name."""
    owner, _, name = arn.partition(":policy/")
    return owner.endswith(":iam::aws") and name == ADMINISTRATOR


def _names(arns: Iterable[str]) -> tuple[str, ...]:
    return tuple(arn.rpartition("/")[2] for arn in arns)
