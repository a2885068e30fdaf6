# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Reading JSON patterns: ``{ ($.a = "b") && ($.c NOT EXISTS) }``."""

from __future__ import annotations

from typing import Literal, NoReturn

from c7n_mfa.pattern import undocumented as u
from c7n_mfa.pattern.conditions import (
    ConditionTokenizer,
    fail_after_condition,
    parse_condition,
    parse_operator,
    parse_value,
)
from c7n_mfa.pattern.nodes import (
    AnyElement,
    AnyField,
    Atom,
    Compare,
    Field,
    Index,
    Is,
    JsonPattern,
    NotExists,
    Selector,
    Step,
)
from c7n_mfa.pattern.tokenizer import Token, compile_rules
from c7n_mfa.pattern.undocumented import Behaviour

_MOST_WILDCARDS = 3
_RULES = compile_rules(
    {
        "ROOT": r"\$",
        "PERIOD": r"\.",
        "NAME": r"[A-Za-z0-9_-]+",
        "FOREIGN_NAME": r"[\w-]+",
        "ANY_FIELD": r"\*",
        "ANY_ELEMENT": r"\[\s*\*\s*\]",
        "INDEX": r"\[\s*[0-9]+\s*\]",
        "KEY": r"\[\s*(?:'[^']*'|\"[^\"]*\")\s*\]",
    }
)
_WHATS: dict[str, Literal["NULL", "TRUE", "FALSE"]] = {
    "NULL": "NULL",
    "TRUE": "TRUE",
    "FALSE": "FALSE",
}


def parse_json_pattern(source: str) -> tuple[JsonPattern, tuple[Behaviour, ...]]:
    """pattern := '{' or '}'"""
    if not source.rstrip().endswith("}"):
        _fail_unclosed(source)
    tokenizer = ConditionTokenizer(source, _RULES, 1)
    condition = parse_condition(tokenizer, _parse_atom, "}")
    if not tokenizer.consume("RIGHT_BRACE"):
        fail_after_condition(tokenizer, "'}'")
    tokenizer.consume("BLANK")
    if not tokenizer.at_end():
        tokenizer.fail("Expected nothing after the closing '}'")
    return JsonPattern(condition), tuple(tokenizer.doubts)


def _fail_unclosed(source: str) -> NoReturn:
    end = len(source.rstrip())
    tokenizer = ConditionTokenizer(source, _RULES, end)
    tokenizer.fail("Expected '}' at the end of a pattern that starts with '{'", (end, end))


def _parse_atom(tokenizer: ConditionTokenizer) -> Atom:
    """cond := selector ( op value | 'IS' what | 'NOT' 'EXISTS' )"""
    selector = _parse_selector(tokenizer)
    spaced = tokenizer.consume("BLANK")
    operator = tokenizer.take("OPERATOR")
    if operator:
        op = parse_operator(operator)
        tokenizer.consume("BLANK")
        return Compare(selector, op, parse_value(tokenizer, op))
    word = tokenizer.take("WORD") if spaced else None
    if word and word.text.upper() == "IS":
        return _parse_is(tokenizer, selector, word)
    if word and word.text.upper() == "NOT":
        return _parse_not_exists(tokenizer, selector, word)
    _fail_operator(tokenizer, word)


def _fail_operator(tokenizer: ConditionTokenizer, word: Token | None) -> NoReturn:
    expected = "Expected an operator, IS or NOT EXISTS after the selector"
    if word and word.text.upper() == "EXISTS":
        expected += "; write '= *' for EXISTS"
    tokenizer.fail(expected, word.span if word else None)


def _parse_is(tokenizer: ConditionTokenizer, selector: Selector, verb: Token) -> Is:
    """'IS' ( 'NULL' | 'TRUE' | 'FALSE' )"""
    what = _following_word(tokenizer)
    kind = _WHATS.get(what.text.upper()) if what else None
    if kind is None:
        tokenizer.fail("Expected NULL, TRUE or FALSE after IS", what.span if what else None)
    _check_case(tokenizer, verb, what)
    return Is(selector, kind)


def _parse_not_exists(tokenizer: ConditionTokenizer, selector: Selector, verb: Token) -> NotExists:
    """'NOT' 'EXISTS'"""
    exists = _following_word(tokenizer)
    if exists is None or exists.text.upper() != "EXISTS":
        tokenizer.fail("Expected EXISTS after NOT", exists.span if exists else None)
    _check_case(tokenizer, verb, exists)
    return NotExists(selector)


def _following_word(tokenizer: ConditionTokenizer) -> Token | None:
    return tokenizer.take("WORD") if tokenizer.consume("BLANK") else None


def _check_case(tokenizer: ConditionTokenizer, *words: Token | None) -> None:
    if any(word and not word.text.isupper() for word in words):
        tokenizer.doubt(u.KEYWORD_CASE)


# Selectors


def _parse_selector(tokenizer: ConditionTokenizer) -> Selector:
    """selector := '$' step+"""
    root = tokenizer.take("ROOT")
    if root is None:
        _fail_selector(tokenizer)
    steps: list[Step] = []
    while step := _parse_step(tokenizer):
        steps.append(step)
    if not steps:
        tokenizer.fail("Expected '.' and a name after '$'", root.span)
    selector = Selector(tuple(steps))
    if selector.has_wildcard:
        _count_wildcards(tokenizer, selector, root.start)
    return selector


def _fail_selector(tokenizer: ConditionTokenizer) -> NoReturn:
    start, end = tokenizer.here()
    negation = tokenizer.source[start:end] in ("NOT", "!")
    hint = "; there is no negation, only '!=' and NOT EXISTS" if negation else ""
    tokenizer.fail(f"Expected a selector such as $.name{hint}")


def _count_wildcards(tokenizer: ConditionTokenizer, selector: Selector, start: int) -> None:
    span = start, tokenizer.position
    if sum(isinstance(step, AnyElement | AnyField) for step in selector.steps) > 1:
        tokenizer.fail("Expected at most one wildcard in a selector", span)
    tokenizer.wildcards += 1
    if tokenizer.wildcards > _MOST_WILDCARDS:
        tokenizer.fail(
            f"Expected at most {_MOST_WILDCARDS} selectors with a wildcard in a pattern", span
        )


def _parse_step(tokenizer: ConditionTokenizer) -> Step | None:
    """step := '.' name | '.' '*' | '.'? '[' ... ']'"""
    if tokenizer.consume("PERIOD"):
        if tokenizer.check("LEFT_BRACKET"):
            return _parse_key(tokenizer)
        return AnyField() if tokenizer.consume("ANY_FIELD") else _parse_name(tokenizer)
    if tokenizer.check("LEFT_BRACKET"):
        return _parse_brackets(tokenizer)
    return None


def _parse_name(tokenizer: ConditionTokenizer) -> Field:
    """name := [A-Za-z0-9_-]+"""
    token = tokenizer.take("FOREIGN_NAME")
    if token is None:
        tokenizer.fail("Expected a name, '*' or [\"name\"] after '.'")
    if not token.text.isascii():
        tokenizer.doubt(u.NON_ASCII_NAME)
    return Field(token.text)


def _parse_key(tokenizer: ConditionTokenizer) -> Field:
    """'.' '[' quoted name ']'"""
    token = tokenizer.take("KEY")
    if token is None:
        tokenizer.fail("Expected a quoted name in brackets after '.', such as ['a.b']")
    name = _inside(tokenizer, token)[1:-1]
    if not name:
        tokenizer.doubt(u.BRACKET_NAME)
    return Field(name)


def _parse_brackets(tokenizer: ConditionTokenizer) -> Step:
    """'[' digits ']' | '[*]', and without its period '[' quoted name ']'"""
    token = tokenizer.take("INDEX")
    if token:
        return _index(tokenizer, _inside(tokenizer, token))
    token = tokenizer.take("ANY_ELEMENT")
    if token:
        _inside(tokenizer, token)
        return AnyElement()
    if tokenizer.check("KEY"):
        tokenizer.doubt(u.BRACKET_NAME)
        return _parse_key(tokenizer)
    tokenizer.consume("LEFT_BRACKET")
    tokenizer.fail("Expected an index, '*' or a quoted name in brackets")


def _index(tokenizer: ConditionTokenizer, digits: str) -> Index:
    if digits.startswith("0") and digits != "0":
        tokenizer.doubt(u.LEADING_ZERO_INDEX)
    return Index(int(digits))


def _inside(tokenizer: ConditionTokenizer, token: Token) -> str:
    inside = token.text[1:-1]
    stripped = inside.strip()
    if stripped != inside:
        tokenizer.doubt(u.BLANK_IN_BRACKETS)
    return stripped
