# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The proof held against brute force: random patterns over small sets of values."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from c7n_mfa.pattern import MISSING, parse
from c7n_mfa.proof import assess
from c7n_mfa.proof.classes import path_of, with_field
from c7n_mfa.proof.names import agreeing
from c7n_mfa.proof.requirements import REQUIREMENTS
from signins import BY_NAME, belongs, may_be

VALUES = {
    "$.eventName": ["ConsoleLogin", "CheckMfa", "Console*", "*"],
    "$.additionalEventData.MFAUsed": ["Yes", "No", "YES", "*es", "*"],
    "$.responseElements.ConsoleLogin": ["Success", "Failure", "S*"],
    "$.userIdentity.type": ["IAMUser", "Root", "AssumedRole", "*o*"],
    "$.userIdentity.userName": ["alice", "bob", "al*", "*b", "*o*", "*"],
    "$.userIdentity.arn": ["*:root", "*:user/alice", "*assumed-role*", "arn:aws:iam::*"],
    "$.awsRegion": ["us-east-1", "eu-north-1", "us-*", "*-1"],
    "$.recipientAccountId": ["123456789012", "111122223333", "1*"],
    "$.errorMessage": ["Failed authentication", "*"],
    "$.tlsDetails.tlsVersion": ["TLSv1.3", "TLS*"],
}
# What brute force tries: values that the literals above tell apart, for each field.
TRIED = {
    "$.userIdentity.userName": ["alice", "bob", "al", "zed", "bxb", "x", MISSING],
    "$.userIdentity.arn": [
        "arn:aws:iam::123456789012:user/alice",
        "arn:aws:iam::123456789012:user/bob",
        "arn:aws:iam::123456789012:user/assumed-role",
        "arn:aws-cn:iam::123456789012:user/alice",
        "arn:aws:iam::123456789012:root",
        "arn:aws-us-gov:iam::123456789012:root",
        "arn:aws:sts::123456789012:assumed-role/Broker/x",
    ],
    "$.awsRegion": ["us-east-1", "eu-north-1", "us-x", "eu-north-2", "x"],
    "$.recipientAccountId": ["123456789012", "111122223333", "100000000000", "999999999999"],
    "$.tlsDetails.tlsVersion": ["TLSv1.3", "TLS1", "x", MISSING],
}


def atoms():
    def of(selector):
        compared = st.builds(
            lambda op, value: f'{selector} {op} "{value}"',
            st.sampled_from(["=", "!="]),
            st.sampled_from(VALUES[selector]),
        )
        return st.one_of(compared, compared, st.just(f"{selector} NOT EXISTS"))

    return st.sampled_from(sorted(VALUES)).flatmap(of)


def conditions():
    def joined(parts):
        return st.builds(
            lambda op, operands: f" {op} ".join(f"({operand})" for operand in operands),
            st.sampled_from(["&&", "||"]),
            st.lists(parts, min_size=2, max_size=3),
        )

    return st.recursive(atoms(), joined, max_leaves=5)


def patterns():
    login = "$.eventName = ConsoleLogin && $.additionalEventData.MFAUsed != Yes && "
    return st.one_of(
        conditions().map("{{ {} }}".format), conditions().map(f"{{{{ {login}({{}}) }}}}".format)
    )


def records(family, selectors):
    """Records of the family, as many as brute force tries of these selectors.

    Without those of names that nobody has, and of two names in one identity.
    """
    choices = []
    for selector in selectors:
        path = path_of(selector)
        tried = [v for v in TRIED.get(str(selector), ()) if may_be(family, path, v)]
        unlike = family.free[path].unlike if path in family.free else ()
        tried = [v for v in tried if not any(word in v for word in unlike if v is not MISSING)]
        if path in family.free and tried:
            choices.append([(path, value) for value in tried])
    for chosen in itertools.product(*choices):
        event = dict(family.witness)
        for path, value in chosen:
            event = with_field(event, path, value)
        if event in agreeing(event):
            yield event


@given(st.lists(patterns(), min_size=1, max_size=2), st.sampled_from(sorted(REQUIREMENTS)))
def test_the_proof_agrees_with_brute_force(texts, name):
    parsed = [parse(text) for text in texts]
    requirement = REQUIREMENTS[name]

    coverage = assess(parsed, requirement, strict=True)

    for spot in coverage.blind_spots:
        assert belongs(spot.event, BY_NAME[spot.family])
        assert all(pattern.match(spot.event) is False for pattern in parsed)
    for spot in coverage.noise:
        assert belongs(spot.event, BY_NAME[spot.family])
        assert any(pattern.match(spot.event) is True for pattern in parsed)
    selectors = {selector for pattern in parsed for selector in pattern.selectors()}
    for family in requirement.must_catch:
        if family.name in coverage.caught:
            for event in records(family, selectors):
                assert any(pattern.match(event) is True for pattern in parsed)
    noisy = {spot.family for spot in coverage.noise}
    for family in requirement.must_leave:
        if family.name not in noisy:
            for event in records(family, selectors):
                assert not any(pattern.match(event) is True for pattern in parsed)
