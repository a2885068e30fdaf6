# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Patterns over the text of an event: terms and space-delimited fields.

Terms, ``"x" -y ?z`` and ``%regex%``, are searched for; ``[ip, user, ..., status = 4*]`` names the
fields of a line and tests some of them.
"""

from __future__ import annotations

import re
from typing import NoReturn

from c7n_mfa.pattern import undocumented as u
from c7n_mfa.pattern.conditions import (
    ConditionTokenizer,
    fail_after_condition,
    parse_condition,
    parse_counted_regex,
    parse_operator,
    parse_string,
    parse_value,
)
from c7n_mfa.pattern.nodes import (
    And,
    Compare,
    Condition,
    Ellipsis,
    Entry,
    Field,
    Number,
    Or,
    Regex,
    Selector,
    Sign,
    SpacePattern,
    Term,
    TermPattern,
    Text,
    atoms,
)
from c7n_mfa.pattern.tokenizer import compile_rules
from c7n_mfa.pattern.undocumented import Behaviour
from c7n_mfa.pattern.values import (
    Answer,
    Doubt,
    all_of,
    any_of,
    glob_search,
    is_decimal,
    judge_comparison,
    judge_regex,
    negated,
    other_readings,
    settle,
)

# Terms

_TERM_RULES = compile_rules({"SIGN": r"[-?]", "TERM": r"[A-Za-z0-9_.*][A-Za-z0-9_.*-]*"})
_SIGNS: dict[str, Sign] = {"-": "-", "?": "?"}


def parse_term_pattern(source: str) -> tuple[TermPattern, tuple[Behaviour, ...]]:
    """pattern := term ( blank term )*"""
    tokenizer = ConditionTokenizer(source, _TERM_RULES)
    tokenizer.consume("BLANK")
    terms = [_parse_term(tokenizer)]
    while not tokenizer.at_end():
        if not tokenizer.consume("BLANK"):
            tokenizer.fail("Expected a blank after a term; other characters need double quotes")
        if not tokenizer.at_end():
            terms.append(_parse_term(tokenizer))
    return TermPattern(tuple(terms)), tuple(tokenizer.doubts)


def _parse_term(tokenizer: ConditionTokenizer) -> Term:
    """term := ( '-' | '?' )? ( string | regex | word )"""
    sign = tokenizer.take("SIGN")
    kind: Sign = _SIGNS[sign.text] if sign else ""
    if tokenizer.check("QUOTE"):
        return Term(kind, _parse_phrase(tokenizer))
    if tokenizer.check("PERCENT"):
        return Term(kind, parse_counted_regex(tokenizer))
    word = tokenizer.take("TERM")
    if word is None:
        _fail_term(tokenizer)
    return Term(kind, Text(word.text, quoted=False))


def _parse_phrase(tokenizer: ConditionTokenizer) -> Text:
    start = tokenizer.position
    phrase = parse_string(tokenizer)
    if not phrase.value:
        tokenizer.fail("Expected at least one character between the quotes", (start, start + 2))
    return phrase


def _fail_term(tokenizer: ConditionTokenizer) -> NoReturn:
    start, _ = tokenizer.here()
    rest = tokenizer.source[start:]
    if start and rest.startswith(("{", "[")):
        tokenizer.fail(f"Expected nothing before the opening {rest[0]!r}", (0, start + 1))
    if rest.startswith(("$.", "($.")):
        tokenizer.fail("Expected '{' before a condition and '}' after it")
    tokenizer.fail("Expected a word, a string in double quotes or a %regex%")


def judge_terms(pattern: TermPattern, text: str) -> Answer:
    """All required terms and no excluded one; optional terms count only when alone."""
    decisive = [term for term in pattern.terms if term.sign != "?"]
    if not decisive:
        return any_of(judge_term(term, text) for term in pattern.terms)
    answers = ((term.sign, judge_term(term, text)) for term in decisive)
    return all_of(negated(answer) if sign == "-" else answer for sign, answer in answers)


def judge_term(term: Term, text: str) -> Answer:
    """Whether a term occurs in a text, whatever its sign."""
    if isinstance(term.value, Regex):
        return judge_regex(term.value, text)
    return _judge_word(term.value, text)


def _judge_word(word: Text, text: str) -> Answer:
    if not word.value.strip(" "):
        # The user guide: a term of one blank matches everything.
        return len(word.value) == 1 or settle(u.BLANK_PHRASE, True, word.value in text)
    answer: Answer = word.value in text
    for behaviour, reading in other_readings(word):
        answer = settle(behaviour, answer, reading in text)
    if not word.quoted and "*" in word.value:
        answer = settle(u.ASTERISK_IN_TERM, answer, glob_search(word.value, text))
    return answer


# Space-delimited fields

_SPACE_RULES = compile_rules({"NAME": r"[A-Za-z0-9_-]+", "ELLIPSIS": r"\.\.\."})
_FIELD = re.compile(r'"([^"]*)"(?=\s|$)|\[([^\]]*)\](?=\s|$)|(\S+)')


def parse_space_pattern(source: str) -> tuple[SpacePattern, tuple[Behaviour, ...]]:
    """pattern := '[' entry ( ',' entry )* ']'"""
    end = len(source.rstrip())
    tokenizer = ConditionTokenizer(source, _SPACE_RULES, 1)
    if not source.rstrip().endswith("]"):
        tokenizer.fail("Expected ']' at the end of a pattern that starts with '['", (end, end))
    entries = [_parse_entry(tokenizer)]
    while tokenizer.consume("COMMA"):
        start = tokenizer.position
        entries.append(_parse_entry(tokenizer))
        if entries.count(Ellipsis()) > 1:
            tokenizer.fail("Expected '...' once in a pattern", (start, tokenizer.position))
    _parse_end(tokenizer)
    return SpacePattern(tuple(entries)), tuple(tokenizer.doubts)


def _parse_end(tokenizer: ConditionTokenizer) -> None:
    if not tokenizer.consume("RIGHT_BRACKET"):
        fail_after_condition(tokenizer, "',' or ']'")
    tokenizer.consume("BLANK")
    if not tokenizer.at_end():
        tokenizer.fail("Expected nothing after the closing ']'")


def _parse_entry(tokenizer: ConditionTokenizer) -> Entry | Ellipsis:
    """entry := '...' | name | name op value ( ( '&&' | '||' ) name op value )*"""
    tokenizer.consume("BLANK")
    if tokenizer.consume("ELLIPSIS"):
        tokenizer.consume("BLANK")
        return Ellipsis()
    start = tokenizer.position
    name = tokenizer.take("NAME")
    tokenizer.consume("BLANK")
    if name and (tokenizer.check("COMMA") or tokenizer.check("RIGHT_BRACKET")):
        return Entry(name.text)
    tokenizer.position = start
    return _parse_conditional(tokenizer)


def _parse_conditional(tokenizer: ConditionTokenizer) -> Entry:
    names: list[str] = []

    def comparison(_: ConditionTokenizer) -> Compare:
        return _parse_comparison(tokenizer, names)

    condition = parse_condition(tokenizer, comparison, ",")
    return Entry(names[0], condition)


def _parse_comparison(tokenizer: ConditionTokenizer, names: list[str]) -> Compare:
    """name op value"""
    name = tokenizer.take("NAME")
    if name is None:
        _fail_name(tokenizer)
    if names and name.text not in names:
        tokenizer.fail(f"Expected {names[0]!r}: an entry tests one name only", name.span)
    names.append(name.text)
    tokenizer.consume("BLANK")
    operator = tokenizer.expect("OPERATOR", "an operator, ',' or ']' after the name")
    op = parse_operator(operator)
    tokenizer.consume("BLANK")
    value = parse_value(tokenizer, op)
    return Compare(Selector((Field(name.text),)), op, value)


def _fail_name(tokenizer: ConditionTokenizer) -> NoReturn:
    tokenizer.fail("Expected the name of a field or '...'")


def judge_space(pattern: SpacePattern, text: str) -> Answer:
    """Whether a text has the fields that the entries ask for, in order."""
    answer = _judge_fields(pattern, split_fields(text))
    if '"' in text or "[" in text:
        plain = [(word, word) for word in text.split()]
        if _is_ambiguous(text):
            answer = settle(u.FIELD_BOUNDARY, answer, _judge_fields(pattern, plain))
    return answer


def split_fields(text: str) -> list[tuple[str, str]]:
    """Each field: its text, and the text as it stands in the event."""
    return [(_inner(match), match[0]) for match in _FIELD.finditer(text)]


def _inner(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None)


def _is_ambiguous(text: str) -> bool:
    """Whether a quote or bracket is left over inside a word."""
    return any(re.search(r'["\[\]]', match[3] or "") for match in _FIELD.finditer(text))


def _judge_fields(pattern: SpacePattern, fields: list[tuple[str, str]]) -> Answer:
    entries = pattern.entries
    if Ellipsis() in entries:
        gap = entries.index(Ellipsis())
        return _judge_around(entries[:gap], entries[gap + 1 :], fields)
    named = [entry for entry in entries if isinstance(entry, Entry)]
    if len(fields) > len(named):
        return _judge_longer(named, fields)
    answer = all_of(_judge_entry(e, f) for e, (f, _) in zip(named, fields, strict=False))
    if len(fields) == len(named) or answer is False:
        return answer
    return _judge_shorter(named[len(fields) :])


def _judge_around(
    before: tuple[Entry | Ellipsis, ...],
    after: tuple[Entry | Ellipsis, ...],
    fields: list[tuple[str, str]],
) -> Answer:
    entries = [entry for entry in (*before, *after) if isinstance(entry, Entry)]
    if len(fields) < len(entries):
        return False if _any_conditional(entries) else Doubt((u.TOO_FEW_FIELDS,))
    chosen = [*fields[: len(before)], *fields[len(fields) - len(after) :]]
    return all_of(_judge_entry(e, f) for e, (f, _) in zip(entries, chosen, strict=True))


def _judge_longer(entries: list[Entry], fields: list[tuple[str, str]]) -> Answer:
    """More fields than entries: the last entry takes the rest of the line."""
    *first, last = entries
    answers = [_judge_entry(e, f) for e, (f, _) in zip(first, fields, strict=False)]
    if last.condition is not None:
        rest = " ".join(written for _, written in fields[len(first) :])
        own, _ = fields[len(first)]
        readings = (_judge_entry(last, rest), _judge_entry(last, own), False)
        answers.append(settle(u.REST_OF_LINE, *readings))
    return all_of(answers)


def _judge_shorter(left_over: list[Entry]) -> Answer:
    return False if _any_conditional(left_over) else Doubt((u.TOO_FEW_FIELDS,))


def _any_conditional(entries: list[Entry]) -> bool:
    return any(entry.condition is not None for entry in entries)


def _judge_entry(entry: Entry, field: str) -> Answer:
    return True if entry.condition is None else _judge_condition(entry.condition, field)


def _judge_condition(condition: Condition, field: str) -> Answer:
    if isinstance(condition, And):
        return all_of(_judge_condition(operand, field) for operand in condition.operands)
    if isinstance(condition, Or):
        return any_of(_judge_condition(operand, field) for operand in condition.operands)
    (comparison,) = atoms(condition)
    assert isinstance(comparison, Compare)
    if comparison.op not in ("=", "!=") and isinstance(comparison.value, Number):
        value = float(field) if is_decimal(field) else field
        return judge_comparison(comparison.op, comparison.value, value)
    return judge_comparison(comparison.op, comparison.value, field)
