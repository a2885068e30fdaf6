# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""docs/signins.md: what is said of a sign-in and why, and who else fires on which."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from c7n_mfa.signin.record import REASONS, SignIn
from docs.build import text
from tests.signin.peers import PEERS
from tests.signin.records import RECORDS, Labelled

KINDS = {
    "iam-user": "an IAM user without MFA",
    "iam-user-odd": "an IAM user without MFA, in an odd record",
    "root": "root without MFA",
    "unsaid": "an IAM user or root, and no `MFAUsed`",
    "mfa": "an IAM user or root with MFA",
    "mfa-odd": "MFA, spelt otherwise",
    "broker-mfa": "a broker session with MFA",
    "saml": "SAML",
    "identity-center": "Identity Center",
    "failure": "a failure",
    "failure-odd": "a failure, in an odd record",
    "settled-without-outcome": "MFA or a provider, and no outcome",
    "no-sign-in": "no console sign-in",
    "broker": "a broker session without proof of MFA",
    "web-identity": "a web identity session",
    "broker-unsaid": "a role or a broker session, and nothing of MFA",
    "outcome-unsaid": "no MFA, and no outcome",
    "malformed": "what decides is missing or malformed",
}
"""The rows of the matrix: every kind of labelled record, with its words."""

GROUPS = {
    "IAM user": {"iam-user", "iam-user-odd"},
    "root": {"root"},
    "no `MFAUsed`": {"unsaid"},
    "with MFA": {"mfa", "mfa-odd", "broker-mfa"},
    "SAML": {"saml"},
    "Identity Center": {"identity-center"},
    "failure": {"failure", "failure-odd"},
    "others": {"settled-without-outcome", "no-sign-in"},
}
"""The columns of the short matrix: the kinds about which something can be known."""

_INTRODUCTION = """\
`c7n-mfa signins FILE…` reads CloudTrail files and classifies every console sign-in by path (how \
somebody came in), outcome and factor; [the vocabulary](vocabulary.md) has their values.
A sign-in is *single-factor* when all three are known and say so.
Where only an identity provider can know, the answer is *unknown*, never a guess."""
_EXITS = """\
It exits 0 when there is no single-factor sign-in, 1 when there is at least one, and 2 when \
something could not be read, whatever was found besides, or when there is none and the record of \
some does not say; `--allow-unknown` is for accounts where that is every day.
A problem is one sentence on standard error, with the file, the line and the record; everything \
else is still read."""
_DETECTORS = """\
{count} labelled records, written from documentation, published real records and the fixtures of \
other projects, each changed in one way or another \
([tests/signin/records.json](../tests/signin/records.json)), are put to each detector.
The set was made here, to tell detectors apart, and *c7n-mfa* was written beside it; how often \
each kind occurs in your account is another question.
Each of the others is what its project publishes, at its defaults and reimplemented here \
([tests/signin/peers.py](../tests/signin/peers.py)), without what the platform around it adds, \
such as suppression or a user's history.

A cell counts the records that the detector fires on; **bold** is wrong.
Records that do not say enough for anybody to know are left out."""
_MATRIX = """\
The same by kind of record.
In the last kinds nobody can know from the record: there is no right number, and *c7n-mfa* says \
unknown.
[signin-single-factor](rules/signin-single-factor.md) notifies a person of these too; nobody is \
contained for one."""
_SOURCES = """\
The two metric filters are read as AWS documents the language: a comparison with a missing field \
is false, `!=` too."""

Detector = Callable[[Labelled], bool]


def page() -> str:
    return text.page(
        "Sign-ins",
        [
            _INTRODUCTION,
            _EXITS,
            "## Who fires on what",
            _DETECTORS.format(count=len(RECORDS)),
            short_matrix(),
            "### By kind of record",
            _MATRIX,
            matrix(),
            "## Where the conditions stand",
            _SOURCES,
            text.table(("Detector", "Published as"), [(p.name, p.source) for p in PEERS]),
            "## Reasons",
            "Every path, outcome and factor comes with the reason it was chosen for.",
            text.table(("Reason", "Sentence"), [(f"`{c}`", s) for c, s in REASONS.items()]),
        ],
    )


def matrix() -> str:
    names = ["c7n-mfa", *(peer.name for peer in PEERS)]
    rows = [_row(kind) for kind in KINDS]
    return text.table(
        ("Kind of record", "Records", "Should fire", *names), [*rows, *_wrong(_detectors())]
    )


def short_matrix() -> str:
    """A row for each detector, a column for each group of kinds."""
    detectors = zip(["c7n-mfa", *(peer.name for peer in PEERS)], _detectors(), strict=True)
    groups = [[r for r in RECORDS if r.kind in kinds] for kinds in GROUPS.values()]
    counts = ("of " + str(len(group)) for group in groups)
    return text.table(
        ("", *GROUPS),
        [
            ("should fire", *(f"all {len(g)}" if _expected(g) else f"none {c}"
                              for g, c in zip(groups, counts, strict=True))),
            *((name, *(_cell(sum(map(fires, g)), _expected(g)) for g in groups))
              for name, fires in detectors),
        ],
    )  # fmt: skip


def _detectors() -> list[Detector]:
    return [_c7n_mfa, *(_of(peer.fires) for peer in PEERS)]


def _c7n_mfa(labelled: Labelled) -> bool:
    sign_in = SignIn.from_record(labelled.record)
    return sign_in is not None and sign_in.is_single_factor is True


def _of(fires: Callable[..., bool]) -> Detector:
    return lambda labelled: fires(labelled.record)


def _row(kind: str) -> Sequence[str]:
    records = [record for record in RECORDS if record.kind == kind]
    expected = _expected(records)
    counts = [sum(map(fires, records)) for fires in _detectors()]
    should = "unknown" if expected is None else str(expected)
    cells = [_cell(count, expected) for count in counts]
    return (KINDS[kind], str(len(records)), should, *cells)


def _expected(records: Sequence[Labelled]) -> int | None:
    """On how many a detector should fire; None where nobody can know."""
    verdict = records[0].single_factor
    return None if verdict is None else len(records) * verdict


def _cell(count: int, expected: int | None) -> str:
    return str(count) if expected in (None, count) else f"**{count}**"


def _wrong(detectors: Sequence[Detector]) -> Iterator[Sequence[str]]:
    """What a detector missed, and what it fired on and should not have."""
    for words, verdict in (("missed", True), ("fired for nothing", False)):
        records = [record for record in RECORDS if record.single_factor is verdict]
        counts = [sum(fires(record) is not verdict for record in records) for fires in detectors]
        yield (f"*{words}*", str(len(records)), "", *(_cell(count, 0) for count in counts))
