# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Term patterns: ``"x" -y ?z`` and ``%regex%``, searched for in the text of an event."""

from __future__ import annotations

from typing import NoReturn

from . import undocumented as u
from .conditions import ConditionTokenizer, parse_counted_regex, parse_string
from .nodes import Regex, Sign, Term, TermPattern, Text
from .tokenizer import compile_rules
from .undocumented import Behaviour
from .values import (
    Answer,
    all_of,
    any_of,
    glob_search,
    judge_regex,
    negated,
    other_readings,
    settle,
)

_RULES = compile_rules({"SIGN": r"[-?]", "TERM": r"[A-Za-z0-9_.*][A-Za-z0-9_.*-]*"})
_SIGNS: dict[str, Sign] = {"-": "-", "?": "?"}


def parse_term_pattern(source: str) -> tuple[TermPattern, tuple[Behaviour, ...]]:
    """pattern := term ( blank term )*"""
    tokenizer = ConditionTokenizer(source, _RULES)
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
    return all_of(negated(found) if sign == "-" else found for sign, found in answers)


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
