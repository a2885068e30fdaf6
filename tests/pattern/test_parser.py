# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What patterns are made of, and how they are spelled again."""

from __future__ import annotations

import copy
import pickle

import pytest

from c7n_mfa.pattern import Pattern, parse
from c7n_mfa.pattern.nodes import (
    And,
    AnyElement,
    AnyField,
    Compare,
    Ellipsis,
    Entry,
    EverythingPattern,
    Field,
    Index,
    Is,
    JsonPattern,
    NotExists,
    Number,
    Or,
    Regex,
    Selector,
    SpacePattern,
    Term,
    TermPattern,
    Text,
)


def selector(*names: str) -> Selector:
    return Selector(tuple(map(Field, names)))


def equals(name: str, value: str) -> Compare:
    return Compare(selector(name), "=", Text(value))


@pytest.mark.parametrize(
    ("text", "atom"),
    [
        ('{ $.a = "x" }', equals("a", "x")),
        ("{ $.a = x }", Compare(selector("a"), "=", Text("x", quoted=False))),
        ("{ $.a.b != *x }", Compare(selector("a", "b"), "!=", Text("*x", quoted=False))),
        (r'{ $.a = "\"\\" }', equals("a", '"\\')),
        (r'{ $.a = "\d" }', Compare(selector("a"), "=", Text(r"\d", spelling=r"\d"))),
        ("{ $.a >= -1.5e3 }", Compare(selector("a"), ">=", Number("-1.5e3"))),
        ("{ $.a = 192.0.2.1 }", Compare(selector("a"), "=", Text("192.0.2.1", quoted=False))),
        ("{ $.a = %^x|y$% }", Compare(selector("a"), "=", Regex("^x|y$"))),
        ("{ $.a IS NULL }", Is(selector("a"), "NULL")),
        ("{ $.a.b NOT EXISTS }", NotExists(selector("a", "b"))),
        ("{ $.a[0] IS TRUE }", Is(Selector((Field("a"), Index(0))), "TRUE")),
        ("{ $.a[*].b IS FALSE }", Is(Selector((Field("a"), AnyElement(), Field("b"))), "FALSE")),
        ("{ $.* NOT EXISTS }", NotExists(Selector((AnyField(),)))),
        ("{ $.['a.b'] NOT EXISTS }", NotExists(selector("a.b"))),
    ],
)
def test_a_condition_becomes_a_node(text, atom):
    assert parse(text).node == JsonPattern(atom)


A, B, C = equals("a", "1"), equals("b", "2"), equals("c", "3")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ('{ $.a = "1" && $.b = "2" && $.c = "3" }', And((A, B, C))),
        ('{ $.a = "1" && ($.b = "2" && $.c = "3") }', And((A, B, C))),
        ('{ ((($.a = "1"))) }', A),
        ('{ $.a = "1" || $.b = "2" && $.c = "3" }', Or((A, And((B, C))))),
        ('{ ($.a = "1" || $.b = "2") && $.c = "3" }', And((Or((A, B)), C))),
        ('{ ($.a = "1" || ($.b = "2" || $.c = "3")) }', Or((A, B, C))),
        ('{ $.a = "1" && $.b = "2" || $.c = "3" }', Or((And((A, B)), C))),
    ],
)
def test_conditions_become_a_flat_tree(text, condition):
    assert parse(text).node == JsonPattern(condition)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", EverythingPattern()),
        (
            'ERROR -"a b" ?%x%',
            TermPattern(
                (Term("", Text("ERROR", False)), Term("-", Text("a b")), Term("?", Regex("x")))
            ),
        ),
        ("[a, ..., b]", SpacePattern((Entry("a"), Ellipsis(), Entry("b")))),
        (
            "[a, b > 1 && b < 3]",
            SpacePattern(
                (
                    Entry("a"),
                    Entry(
                        "b",
                        And(
                            (
                                Compare(selector("b"), ">", Number("1")),
                                Compare(selector("b"), "<", Number("3")),
                            )
                        ),
                    ),
                )
            ),
        ),
    ],
)
def test_the_other_languages_become_nodes(text, node):
    assert parse(text).node == node


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("{$.a=1}", "{ $.a = 1 }"),
        ("{\n$.a=1&&$.b!=x\n}\n", "{ ($.a = 1) && ($.b != x) }"),
        ("{$.a=1||$.b=2&&$.c=3}", "{ ($.a = 1) || (($.b = 2) && ($.c = 3)) }"),
        ('{ $.["a"] = "x" }', '{ $.a = "x" }'),
        ('{ $.["a.b"] = "x" }', "{ $.['a.b'] = \"x\" }"),
        ('{ $.["a\'b"] = "x" }', '{ $.["a\'b"] = "x" }'),
        (r'{ $.a = "\"\\" }', r'{ $.a = "\"\\" }'),
        ("{ $.a   IS   NULL }", "{ $.a IS NULL }"),
        ("  a   -b ", "a -b"),
        ("[ a,b=1||b=2 , ... ]", "[a, b = 1 || b = 2, ...]"),
        ("[(a=1||a=2)&&a!=3]", "[(a = 1 || a = 2) && a != 3]"),
        ("", ""),
    ],
)
def test_the_canonical_text(text, canonical):
    assert str(parse(text)) == canonical


def test_a_pattern_that_fills_the_limit_stays_within_it():
    text = "{" + "&&".join(["$.a=1", *(["$.bc=12"] * 113)]) + "}"

    assert len(text) == 1024
    assert str(parse(text)) == text


def test_a_doubtful_pattern_is_spelled_as_it_was_written():
    pattern = parse("{$.a[01]=1}")

    assert str(pattern) == "{$.a[01]=1}"
    assert pattern != parse("{ $.a[1] = 1 }")


def test_hundreds_of_parentheses_are_no_deeper_than_one():
    depth = 508

    assert parse("{" + "(" * depth + "$.a=1" + ")" * depth + "}") == parse("{ $.a = 1 }")


def test_alternating_operators_nest_as_deep_as_they_fit():
    deep = "{" + "$.a=1&&($.b=1||(" * 52 + "$.c=1" + "))" * 52 + "}"
    pattern = parse(deep)

    assert pattern.match({"a": 1, "b": 1}) is True
    assert pattern.match({"a": 1, "b": 0}) is False
    assert parse(str(pattern)) == pattern
    assert hash(parse(deep)) == hash(pattern)


def test_patterns_are_equal_when_they_mean_the_same_tree():
    assert parse("{$.a=1}") == parse("{ ($.a = 1) }")
    assert parse("{$.a=1}") != parse('{$.a="1"}')
    assert len({parse("{$.a=1}"), parse("{ $.a = 1 }")}) == 1


def test_a_pattern_survives_pickling_and_copying():
    pattern = parse('{ $.a = "x" }')

    for other in (pickle.loads(pickle.dumps(pattern)), copy.deepcopy(pattern)):
        assert isinstance(other, Pattern)
        assert (other, other.text, other.match({"a": "x"})) == (pattern, pattern.text, True)


def test_atoms_and_selectors_come_in_order_each_selector_once():
    pattern = parse("{ $.b = 1 || ($.a NOT EXISTS && $.b != 2) }")

    assert [str(atom) for atom in pattern.atoms()] == ["$.b = 1", "$.a NOT EXISTS", "$.b != 2"]
    assert [str(each) for each in pattern.selectors()] == ["$.b", "$.a"]
    assert parse("ERROR").atoms() == ()
