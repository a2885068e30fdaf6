# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What an account's metric filters must catch between them, and what they should leave alone.

A requirement is data: two conditions in the filter-pattern language itself, one for the sign-ins
that must be caught and one for those that should be left alone.
The sign-ins come from :mod:`c7n_mfa.proof.families`; which of them a pattern catches is decided in
:mod:`c7n_mfa.proof`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from c7n_mfa.pattern import Pattern, parse
from c7n_mfa.proof.families import FAMILIES, Account, Family

DEFAULT = "single-factor"


@dataclass(frozen=True)
class Requirement:
    """A named demand on the metric filters of one account.

    ``catch`` and ``leave`` are filter patterns over CloudTrail records.
    ``account`` is the one whose sign-ins are meant, where that is known.
    ``canonical`` is the pattern that repair provisions: it catches what must be caught in sign-ins
    of the grade *observed*; ``canonical_strict`` in those of the grade *possible* too.
    """

    name: str
    sentence: str
    source: str
    catch: str
    leave: str
    canonical: str
    canonical_strict: str
    account: Account | None = None

    @cached_property
    def catch_pattern(self) -> Pattern:
        return parse(self.catch)

    @cached_property
    def leave_pattern(self) -> Pattern:
        return parse(self.leave)

    @cached_property
    def must_catch(self) -> tuple[Family, ...]:
        """The families whose every sign-in has to be reported."""
        return self._families(self.catch_pattern)

    @cached_property
    def must_leave(self) -> tuple[Family, ...]:
        """The families whose sign-ins are noise when a filter catches them."""
        return self._families(self.leave_pattern)

    def _families(self, pattern: Pattern) -> tuple[Family, ...]:
        families = (f for f in FAMILIES if pattern.match(f.witness) is True)
        return tuple(f.of(self.account) if self.account else f for f in families)

    def of(self, account: Account) -> Requirement:
        """The same for the sign-ins of one account."""
        return _of(self.name, account)

    def canonical_for(self, strict: bool) -> str:
        return self.canonical_strict if strict else self.canonical


def _all_of(clauses: Iterable[str]) -> str:
    return "{ " + " && ".join(f"({clause})" for clause in clauses) + " }"


_LOGIN = '$.eventName = "ConsoleLogin"'
_SUCCESS = '$.responseElements.ConsoleLogin = "Success"'
# One AWS sample of a root sign-in *with* MFA prints "YES"; null and absent were observed in old
# records.  Written so that a value nobody has thought of is caught, not lost.
_NO_MFA = (
    "($.additionalEventData.MFAUsed NOT EXISTS) || ($.additionalEventData.MFAUsed IS NULL) || "
    '(($.additionalEventData.MFAUsed != "Yes") && ($.additionalEventData.MFAUsed != "YES"))'
)
_NOT_SAML = "$.additionalEventData.SamlProviderArn NOT EXISTS"
# By the path of the role and its name: a role called AWSReservedSSO_x is easy to make, and the text
# of the path may stand within another path.
_NOT_IDENTITY_CENTER = (
    "($.userIdentity.sessionContext.sessionIssuer.arn NOT EXISTS) || "
    "($.userIdentity.sessionContext.sessionIssuer.arn != "
    '"*:role/aws-reserved/sso.amazonaws.com/*") || '
    '($.userIdentity.sessionContext.sessionIssuer.userName != "AWSReservedSSO_*")'
)
_NO_MFA_SESSION = (
    "($.userIdentity.sessionContext.attributes.mfaAuthenticated NOT EXISTS) || "
    '($.userIdentity.sessionContext.attributes.mfaAuthenticated != "true")'
)
_SINGLE_FACTOR = (_LOGIN, _SUCCESS, _NO_MFA, _NOT_SAML, _NOT_IDENTITY_CENTER, _NO_MFA_SESSION)
_PASSWORD = '($.userIdentity.type = "IAMUser") || ($.userIdentity.type = "Root")'
_IAM_USER = '$.userIdentity.type = "IAMUser"'

_MULTI_FACTOR = (
    '{ ($.eventName != "ConsoleLogin") || ($.eventName NOT EXISTS) || '
    '($.additionalEventData.MFAUsed = "Yes") || ($.additionalEventData.MFAUsed = "YES") }'
)
_NOT_SINGLE_FACTOR = (
    '{ ($.eventName != "ConsoleLogin") || ($.responseElements.ConsoleLogin != "Success") || '
    '($.additionalEventData.MFAUsed = "Yes") || ($.additionalEventData.MFAUsed = "YES") || '
    "($.additionalEventData.SamlProviderArn = *) || "
    "(($.userIdentity.sessionContext.sessionIssuer.arn = "
    '"*:role/aws-reserved/sso.amazonaws.com/*") && '
    '($.userIdentity.sessionContext.sessionIssuer.userName = "AWSReservedSSO_*"))'
    ' || ($.userIdentity.sessionContext.attributes.mfaAuthenticated = "true") }'
)

# The patterns of the two CIS requirements are the benchmark's own text: Security Hub compares text.
_CIS_TEXT = '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }'
_CIS_SSO_TEXT = (
    '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && '
    '($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
)

REQUIREMENTS: Mapping[str, Requirement] = {
    requirement.name: requirement
    for requirement in (
        Requirement(
            name="single-factor",
            sentence=(
                "every successful console sign-in without MFA that did not come through SAML or "
                "Identity Center: IAM users, root, and broker sessions without proof of MFA"
            ),
            source="Lacework, Successful Non-SAML Console Login Without MFA",
            catch=_all_of(_SINGLE_FACTOR),
            leave=_NOT_SINGLE_FACTOR,
            canonical=_all_of(_SINGLE_FACTOR),
            canonical_strict=_all_of(_SINGLE_FACTOR),
        ),
        Requirement(
            name="conformity",
            sentence='every console sign-in with MFAUsed "No", whatever its outcome or path',
            source="Trend Micro Cloud Conformity CWL-017",
            catch=_all_of((_LOGIN, '$.additionalEventData.MFAUsed = "No"')),
            leave=_MULTI_FACTOR,
            canonical=_all_of((_LOGIN, '$.additionalEventData.MFAUsed = "No"')),
            canonical_strict=_all_of((_LOGIN, '$.additionalEventData.MFAUsed = "No"')),
        ),
        Requirement(
            name="cis",
            sentence="every successful console sign-in of an IAM user or of root without MFA",
            source="CIS AWS Foundations 1.2 and 1.3, by intent",
            catch=_all_of((_LOGIN, _SUCCESS, _NO_MFA, _PASSWORD)),
            leave=_NOT_SINGLE_FACTOR,
            canonical=_CIS_TEXT,
            canonical_strict=_all_of((_LOGIN, _NO_MFA)),
        ),
        Requirement(
            name="cis-iam-user",
            sentence=(
                "every successful console sign-in of an IAM user without MFA (root is watched by "
                "another control)"
            ),
            source="CIS AWS Foundations 1.4 and later; AWS Security Hub CloudWatch.3",
            catch=_all_of((_LOGIN, _SUCCESS, _NO_MFA, _IAM_USER)),
            leave=_NOT_SINGLE_FACTOR,
            canonical=_CIS_SSO_TEXT,
            canonical_strict=_all_of((_LOGIN, _SUCCESS, _NO_MFA, _IAM_USER)),
        ),
    )
}


# An audit asks for the same one again and again, and its families are made once.
@lru_cache(maxsize=256)
def _of(name: str, account: Account) -> Requirement:
    return replace(REQUIREMENTS[name], account=account)
