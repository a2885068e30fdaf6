# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Do a trail's event selectors let console sign-ins through?

A ``ConsoleLogin`` is a management event, not read-only, of event source ``signin.amazonaws.com``
(CloudTrail user guide, sign-in events).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

# What an advanced field selector sees of a sign-in.  Fields that differ from one sign-in to the
# next are not here: a selector on one of them cannot be decided for all.
_SIGN_IN = {
    "eventCategory": "Management",
    "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin",
    "eventType": "AwsConsoleSignIn",
    "readOnly": "false",
    "sessionCredentialFromConsole": "",
}

_TESTS: Mapping[str, Callable[[str, Sequence[str]], bool]] = {
    "Equals": lambda value, wanted: value in wanted,
    "NotEquals": lambda value, wanted: value not in wanted,
    "StartsWith": lambda value, wanted: any(value.startswith(text) for text in wanted),
    "NotStartsWith": lambda value, wanted: not any(value.startswith(text) for text in wanted),
    "EndsWith": lambda value, wanted: any(value.endswith(text) for text in wanted),
    "NotEndsWith": lambda value, wanted: not any(value.endswith(text) for text in wanted),
}


def carries_sign_ins(
    selectors: Sequence[Mapping[str, Any]], advanced: Sequence[Mapping[str, Any]]
) -> bool | None:
    """Does a trail with these selectors record every console sign-in?

    ``True``, ``False`` (none, or not all of them), or ``None`` when it hangs on a field that is
    not the same in all sign-ins.  A trail without any selector records management events.
    """
    if advanced:
        return _any(_advanced(selector) for selector in advanced)
    if not selectors:
        return True
    return any(
        selector.get("IncludeManagementEvents", True)
        and selector.get("ReadWriteType", "All") in ("All", "WriteOnly")
        for selector in selectors
    )


def _advanced(selector: Mapping[str, Any]) -> bool | None:
    return _all(_field(part) for part in selector.get("FieldSelectors", ()))


def _field(part: Mapping[str, Any]) -> bool | None:
    value = _SIGN_IN.get(part.get("Field", ""))
    if value is None:
        return None
    return all(test(value, part[name]) for name, test in _TESTS.items() if part.get(name))


def _all(answers: Any) -> bool | None:
    seen = list(answers)
    if False in seen:
        return False
    return None if None in seen else True


def _any(answers: Any) -> bool | None:
    seen = list(answers)
    if True in seen:
        return True
    return None if None in seen else False
