# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Patterns and events for property tests: small vocabularies, so that they meet."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = ["a", "b", "c", "a-b", "x.y"]
WORDS = ["Yes", "No", "1", "1.0", "12", "true", "null", "a b", ""]

# Fields and values whose meaning is settled: what the tree walk understands.

settled_scalars = st.sampled_from([*WORDS, 0, 1, 12, -3, 0.5, 12.0, True, False, None])
_literals = st.sampled_from(["Yes", "No", "12x", "a b", "x"])
_leaves = settled_scalars | st.lists(settled_scalars, max_size=2)
events = st.dictionaries(
    st.sampled_from(NAMES),
    _leaves | st.dictionaries(st.sampled_from(NAMES), _leaves, max_size=3),
    max_size=5,
)

_steps = st.sampled_from([".a", ".b", ".c", ".a-b", ".['x.y']", "[0]", "[1]"])
_names = st.sampled_from([".a", ".b", ".c", ".a-b", ".['x.y']"])
selectors = st.builds(
    lambda first, rest: "$" + first + "".join(rest), _names, st.lists(_steps, max_size=2)
)


def _quoted(text: str) -> str:
    return f'"{text}"'


texts = st.one_of(
    _literals.map(_quoted),
    _literals.map(lambda text: f'"{text}*"'),
    _literals.map(lambda text: f'"*{text}*"'),
    st.sampled_from(["Yes", "No", "Y*", "*o*"]),
)
numbers = st.sampled_from(["7", "-3", "0.25", "12e1"])

_equalities = st.builds("{} {} {}".format, selectors, st.sampled_from(["=", "!="]), texts | numbers)
_orderings = st.builds("{}{}{}".format, selectors, st.sampled_from(["<", ">", "<=", ">="]), numbers)
_tests = st.builds(
    "{} {}".format,
    selectors,
    st.sampled_from(["IS NULL", "IS TRUE", "IS FALSE", "NOT EXISTS"]),
)
atoms = _equalities | _orderings | _tests


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda operands, op: "(" + f" {op} ".join(operands) + ")",
        st.lists(inner, min_size=2, max_size=3),
        st.sampled_from(["&&", "||"]),
    )


conditions = st.recursive(atoms, _joined, max_leaves=6)
settled_patterns = conditions.map(lambda condition: f"{{ {condition} }}").filter(
    lambda text: len(text) <= 1024
)

# Legal patterns that ask for what nobody knows.

_odd_selectors = st.one_of(
    selectors,
    st.sampled_from(["$.a[*]", "$.b[*].c", "$.*", "$.a.*", "$.a[01]", "$.é", "$['a']", "$.c[ 0 ]"]),
)
_odd_values = texts | st.sampled_from(
    [
        *("*", "**", "a*b", "*a*b", '"1*"', '"a\tb"', r'"\d"', r'"\"\\"', '""', "5.", ".5", "-"),
        *("1", "1.0", "12", "1e999", "9" * 30, "9007199254740993", '"1"', '"12.0"', '"*1"'),
        *("%a+b%", "%^[^a]{2,}$%", "%.%", r"%\d|\x41%", "%a{1000}b{1500}%"),
    ]
)
_odd_atoms = st.one_of(
    atoms,
    st.builds("{}{}{}".format, _odd_selectors, st.sampled_from(["=", "!="]), _odd_values),
    st.builds("{} {}".format, _odd_selectors, st.sampled_from(["is null", "IS TRUE"])),
    st.builds("{} NOT EXISTS".format, _odd_selectors),
)
_terms = st.builds(
    str.__add__,
    st.sampled_from(["", "-", "?"]),
    st.sampled_from(["a", "ab*", "*", '"a b"', '" "', '"  "', r'"\"a\":"', "%a.b%", '"é"']),
)
_entries = st.sampled_from(
    ["a", "b = 1", "c = *x* || c != 2", "d > 1", 'e = "a b"', "f=%a%", "(g=1 || g=2) && g!=3"]
)
odd_patterns = st.one_of(
    st.recursive(_odd_atoms, _joined, max_leaves=2).map(lambda condition: f"{{{condition}}}"),
    st.lists(_terms, min_size=1, max_size=3).map(" ".join),
    st.lists(_entries, min_size=1, max_size=3, unique=True).map(
        lambda entries: f"[{','.join(entries)}]"
    ),
    st.builds("[{}, ..., {}]".format, _entries, _entries),
    st.just(""),
).filter(lambda text: text.count("%") <= 4)

# Anything at all: pieces of the language in any order, and plain noise.

_PIECES = [
    *("{", "}", "[", "]", "(", ")", "&&", "||", "&", "|", "=", "!=", "<", ">", "<=", ">=", "=="),
    *("$", "$.a", "$.b[0]", "$.c[*]", "$.*", ".['x.y']", "[01]", "[ 0 ]", "$.é", ".", ","),
    *(
        '"x"',
        '"a*"',
        '""',
        '"',
        "'x'",
        '"\\"',
        '"\\d"',
        '"a\tb"',
        "*",
        "**",
        "a*b",
        "abc",
        "-",
        "?",
    ),
    *("1", "-1.5e3", "5.", ".5", "+", "1e999", "9" * 30, "%", "%a+b%", "%[^a]{2,}$%", "%(%", "%%"),
    *(" IS NULL", " is true", " NOT EXISTS", " IS ", " EXISTS", "...", " ", "\n", "\t", "\x00"),
]
pieces = st.lists(st.sampled_from(_PIECES), max_size=14)
scraps = st.one_of(
    st.text(max_size=40),
    pieces.map("".join),
    pieces.map(" ".join),
    pieces.map(lambda all_: "{ $.a = 1 && " + " ".join(all_) + " }"),
    pieces.map(lambda all_: "[a = " + " ".join(all_) + "]"),
    st.text(alphabet="ab.*+?{}[]^$|\\d01,-x ", max_size=16).map(lambda body: f"%{body}%"),
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["x", "a*b", "5.", "1", "-1500", "aab", "a\nb", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=8,
)
any_events = events | json_values | st.text(max_size=30) | st.binary(max_size=30)
