# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""CloudTrail records that another system keeps under names of its own.

Only what classifies a sign-in is translated.  What such a form leaves out is not what CloudTrail
did not write: without a word on MFA, additionalEventData counts as unreadable, and not as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from c7n_mfa.signin.parts import at, json_object

Record = dict[str, Any]

_DEEPEST = 8
_UNREADABLE = ""
"""In the place of a part: no object, so that nothing in it is taken to be absent."""

# https://github.com/ocsf/examples/tree/main/mappings/markdown/AWS; names have changed since 1.0.0.
_OCSF: Mapping[str, tuple[str, ...]] = {
    "eventName": ("api.operation",),
    "eventSource": ("api.service.name",),
    "eventID": ("metadata.uid",),
    "eventTime": ("time_dt",),
    "awsRegion": ("cloud.region",),
    "recipientAccountId": ("cloud.account.uid", "cloud.account_uid"),
    "sourceIPAddress": ("src_endpoint.ip", "src_endpoint.domain"),
    "userAgent": ("http_request.user_agent",),
    "errorCode": ("api.response.error",),
    "errorMessage": ("api.response.message", "api.response.error_message"),
    "userIdentity.type": ("actor.user.type",),
    "userIdentity.userName": ("actor.user.name",),
    "userIdentity.accountId": ("actor.user.account.uid", "actor.user.account_uid"),
    "userIdentity.sessionContext.sessionIssuer.arn": ("actor.session.issuer",),
    "userIdentity.sessionContext.attributes.mfaAuthenticated": (
        *("actor.session.is_mfa", "actor.session.mfa"),
    ),
    "userIdentity.sessionContext.webIdFederationData.federatedProvider": ("actor.idp.name",),
    "additionalEventData.MFAUsed": ("is_mfa", "mfa"),
}
_OCSF_STATUS = {"1": "Success", "2": "Failure", "Success": "Success", "Failure": "Failure"}
_OCSF_UNMAPPED = {"additionalEventData", "responseElements", "userIdentity", "recipientAccountId"}

# https://learn.microsoft.com/azure/azure-monitor/reference/tables/awscloudtrail
_SENTINEL: Mapping[str, tuple[str, ...]] = {
    "eventName": ("EventName",),
    "eventSource": ("EventSource",),
    "eventID": ("AwsEventId",),
    "eventTime": ("TimeGenerated",),
    "awsRegion": ("AWSRegion",),
    "recipientAccountId": ("RecipientAccountId",),
    "sourceIPAddress": ("SourceIpAddress",),
    "userAgent": ("UserAgent",),
    "errorCode": ("ErrorCode",),
    "errorMessage": ("ErrorMessage",),
    "responseElements": ("ResponseElements",),
    "additionalEventData": ("AdditionalEventData",),
    "userIdentity.type": ("UserIdentityType",),
    "userIdentity.userName": ("UserIdentityUserName",),
    "userIdentity.arn": ("UserIdentityArn",),
    "userIdentity.accountId": ("UserIdentityAccountId",),
    "userIdentity.principalId": ("UserIdentityPrincipalid",),
    "userIdentity.sessionContext.sessionIssuer.arn": ("SessionIssuerArn",),
    "userIdentity.sessionContext.sessionIssuer.userName": ("SessionIssuerUserName",),
    "userIdentity.sessionContext.attributes.mfaAuthenticated": ("SessionMfaAuthenticated",),
}

# Athena and CloudTrail Lake have lower-case columns.
_CASED = {
    name.lower(): name
    for name in (
        *("eventVersion", "eventTime", "eventSource", "eventName", "eventID", "eventType"),
        *("awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage"),
        *("responseElements", "additionalEventData", "userIdentity", "recipientAccountId"),
        *("userName", "principalId", "accountId", "accessKeyId", "sessionContext"),
        *("sessionIssuer", "mfaAuthenticated", "webIdFederationData", "federatedProvider"),
        *("ConsoleLogin", "MFAUsed", "SamlProviderArn"),
    )
}


def translated(value: Record) -> Record | None:
    """The CloudTrail record of an object of another form; None where it is of none that is known.

    >>> translated({"eventname": "ConsoleLogin"})
    {'eventName': 'ConsoleLogin', 'additionalEventData': ''}
    """
    for form in _FORMS:
        record = form(value)
        if record is not None:
            if not record.get("additionalEventData"):
                record["additionalEventData"] = _UNREADABLE
            return record
    return None


def _ocsf(value: Record) -> Record | None:
    if "class_uid" not in value:
        return None
    record: Record = {}
    _put_all(record, _OCSF, value)
    for uid in ("uid", "uuid", "uid_alt"):
        text = at(value, "actor", "user", uid)
        is_arn = isinstance(text, str) and text.startswith("arn:")
        _put(record, "userIdentity.arn" if is_arn else "userIdentity.principalId", text)
    _put(record, "eventTime", _moment(value.get("time")))
    readable = _put_unmapped(record, value.get("unmapped"))
    record["responseElements"] = _ocsf_response(record, value)
    more = record.get("additionalEventData")
    said = isinstance(more, dict) and {"MFAUsed", "SamlProviderArn"} & more.keys()
    if not (readable and said):
        record["additionalEventData"] = _UNREADABLE
    return record


def _ocsf_response(record: Record, value: Record) -> Any:
    """The outcome, where all that say something of it agree."""
    said = {
        _text(at(json_object(at(value, "api", "response", "data")), "ConsoleLogin")),
        _text(at(record, "responseElements", "ConsoleLogin")),
        _OCSF_STATUS.get(str(value.get("status"))),
        _OCSF_STATUS.get(str(value.get("status_id"))),
    } - {None}
    return {"ConsoleLogin": said.pop()} if len(said) == 1 else _UNREADABLE


def _put_unmapped(record: Record, unmapped: Any) -> bool:
    """Lay over the record what OCSF has no field for; False where it cannot be read."""
    given = _pairs(unmapped) if isinstance(unmapped, list) else json_object(unmapped)
    for path, value in _leaves(given) if isinstance(given, dict) else ():
        if path.partition(".")[0] in _OCSF_UNMAPPED:
            _put(record, path, value)
    return given is None or isinstance(given, dict)


def _leaves(value: Record, at: str = "") -> Iterator[tuple[str, Any]]:
    """What an object holds, by dotted paths; parts may be JSON texts."""
    for name, given in value.items():
        part = json_object(given) if f"{at}{name}" in _OCSF_UNMAPPED else given
        if isinstance(part, dict) and at.count(".") < _DEEPEST:
            yield from _leaves(part, f"{at}{name}.")
        else:
            yield f"{at}{name}", given if part is False else part


def _pairs(items: list[Any]) -> Record | bool:
    """A map as readers of Parquet give it: keys and values in pairs."""
    pairs = [[i.get("key"), i.get("value")] if isinstance(i, dict) else i for i in items]
    if all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        return {str(key): value for key, value in pairs}
    return False


def _sentinel(value: Record) -> Record | None:
    if not {"EventName", "UserIdentityType"} <= value.keys():
        return None
    record: Record = {}
    _put_all(record, _SENTINEL, value)
    return record


def _lower_case(value: Record) -> Record | None:
    return dict(_cased(value, _DEEPEST)) if "eventname" in value else None


def _cased(value: Record, deep: int) -> Iterator[tuple[str, Any]]:
    for name, given in value.items():
        part = json_object(given) if deep else None
        inner = dict(_cased(part, deep - 1)) if isinstance(part, dict) else given
        yield _CASED.get(name, name), inner


_FORMS: tuple[Callable[[Record], Record | None], ...] = (_ocsf, _sentinel, _lower_case)


def _put_all(record: Record, table: Mapping[str, tuple[str, ...]], value: Record) -> None:
    for path, sources in table.items():
        given = (at(value, *source.split(".")) for source in sources)
        _put(record, path, next((each for each in given if each not in (None, "")), None))


def _put(record: Record, path: str, value: Any) -> None:
    """Set a dotted path; what is None stays as it is."""
    if value is None:
        return
    *steps, key = path.split(".")
    for step in steps:
        inner = record.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        record = inner
    record[key] = value


def _moment(milliseconds: Any) -> str | None:
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (TypeError, OverflowError, ValueError, OSError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
