# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Conditions joined by ``&&`` and ``||``, in parentheses or not: shared by two languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn

from c7n_mfa.pattern.nodes import And, Atom, Condition, Number, Operator, Or, Regex, Text, Value
from c7n_mfa.pattern.regex import read_regex
from c7n_mfa.pattern.tokenizer import Token, Tokenizer

_MOST_REGEXES = 2
_ORDERINGS = ("<", ">", "<=", ">=")
_WORD_OPERATORS = {"AND": "&&", "OR": "||", "&": "&&", "|": "||"}
_OPERATOR_CHARS = ("=", "!", "<", ">")
_SINGLE_QUOTES = "'\u2018\u2019\u201c\u201d`"


class ConditionTokenizer(Tokenizer):
    """A tokenizer that counts what AWS counts."""

    regexes = 0
    wildcards = 0


class _Group:
    """What stands between two parentheses: alternatives of conditions that must all hold."""

    def __init__(self, opened: int) -> None:
        self.opened = opened
        self.alternatives: list[list[Condition]] = [[]]

    def add(self, condition: Condition) -> None:
        self.alternatives[-1].append(condition)

    def condition(self) -> Condition:
        return any_condition(map(all_conditions, self.alternatives))


def all_conditions(operands: Iterable[Condition]) -> Condition:
    """``&&`` of one or more conditions, flat."""
    flat: list[Condition] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, And) else [operand])
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_condition(operands: Iterable[Condition]) -> Condition:
    """``||`` of one or more conditions, flat."""
    flat: list[Condition] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, Or) else [operand])
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def parse_condition(
    tokenizer: ConditionTokenizer, operand: Callable[[ConditionTokenizer], Atom], closing: str
) -> Condition:
    """or := and ( '||' and )*; and := prim ( '&&' prim )*; prim := '(' or ')' | operand

    A loop with a stack: a legal pattern may hold hundreds of nested parentheses.
    """
    groups = [_Group(tokenizer.position)]
    while True:
        tokenizer.consume("BLANK")
        opened = tokenizer.take("LEFT_PAREN")
        if opened:
            groups.append(_Group(opened.start))
            continue
        groups[-1].add(operand(tokenizer))
        if not _goes_on(tokenizer, groups, closing):
            return groups[0].condition()


def _goes_on(tokenizer: ConditionTokenizer, groups: list[_Group], closing: str) -> bool:
    """Whether another operand must follow the one just read."""
    while True:
        tokenizer.consume("BLANK")
        if tokenizer.consume("AND"):
            return True
        if tokenizer.consume("OR"):
            groups[-1].alternatives.append([])
            return True
        if not tokenizer.check("RIGHT_PAREN"):
            break
        _close_group(tokenizer, groups)
    if len(groups) > 1:
        _fail_unclosed(tokenizer, groups[-1], closing)
    return False


def _close_group(tokenizer: ConditionTokenizer, groups: list[_Group]) -> None:
    if len(groups) == 1:
        tokenizer.fail("Expected no ')' here: no '(' is open")
    tokenizer.consume("RIGHT_PAREN")
    group = groups.pop()
    groups[-1].add(group.condition())


def _fail_unclosed(tokenizer: ConditionTokenizer, group: _Group, closing: str) -> NoReturn:
    if not tokenizer.at_end() and not tokenizer.source.startswith(closing, tokenizer.position):
        fail_after_condition(tokenizer, "')'")
    start, end = tokenizer.here()
    tokenizer.fail("Expected ')' to close this '('", (group.opened, max(end, start + 1)))


def fail_after_condition(tokenizer: ConditionTokenizer, closing: str) -> NoReturn:
    """Say what may follow a condition, with a hint where a habit of another language shows."""
    start, end = tokenizer.here()
    piece = tokenizer.source[start:end]
    if piece and piece not in "&|,)}]" and tokenizer.source[start - 1].isalnum():
        tokenizer.fail(_needs_quotes(piece))
    hint = _WORD_OPERATORS.get(piece.upper())
    tail = f"; write {hint!r} for {piece!r}" if hint else ""
    tokenizer.fail(f"Expected '&&', '||' or {closing} after a condition{tail}")


# Values


def parse_operator(token: Token) -> Operator:
    op: dict[str, Operator] = {symbol: symbol for symbol in ("=", "!=", "<", ">", "<=", ">=")}
    return op[token.text]


def parse_value(tokenizer: ConditionTokenizer, op: Operator) -> Value:
    """value := string | regex | number | bare; after an ordering operator only a number"""
    if op in _ORDERINGS and not tokenizer.check("NUMBER"):
        _fail_unordered(tokenizer, op)
    if tokenizer.check("QUOTE"):
        return parse_string(tokenizer)
    if tokenizer.check("PERCENT"):
        return parse_counted_regex(tokenizer)
    number = tokenizer.take("NUMBER")
    if number:
        return Number(number.text)
    bare = tokenizer.take("BARE")
    if bare is None:
        _fail_value(tokenizer, op)
    return Text(bare.text, quoted=False)


def _fail_unordered(tokenizer: ConditionTokenizer, op: Operator) -> NoReturn:
    span = tokenizer.here()
    piece = tokenizer.source[span[0] : span[1]]
    if piece in _OPERATOR_CHARS:
        _fail_operator(tokenizer, op)
    for rule in ("STRING", "REGEX"):
        token = tokenizer.take(rule)
        span = token.span if token else span
    tokenizer.fail(f"Expected an unquoted number after {op!r}", span)


def _fail_value(tokenizer: ConditionTokenizer, op: Operator) -> NoReturn:
    piece = tokenizer.source[tokenizer.position : tokenizer.position + 1]
    if piece and piece in _SINGLE_QUOTES:
        tokenizer.fail("Expected straight double quotes around a string")
    if piece in _OPERATOR_CHARS:
        _fail_operator(tokenizer, op)
    if piece and piece not in "&|,(){}[]":
        tokenizer.fail(_needs_quotes(piece))
    tokenizer.fail(f"Expected a string, a number or a %regex% after {op!r}")


def _fail_operator(tokenizer: ConditionTokenizer, op: Operator) -> NoReturn:
    tokenizer.fail(
        "Expected one of the operators '=', '!=', '<', '>', '<=', '>='",
        (tokenizer.position - len(op), tokenizer.position + 1),
    )


def _needs_quotes(piece: str) -> str:
    return f"Expected a value with {piece[0]!r} in it to stand in double quotes"


def parse_string(tokenizer: Tokenizer) -> Text:
    r"""string := '"' ( char | '\"' | '\\' )* '"'"""
    token = tokenizer.take("STRING")
    if token is None:
        span = tokenizer.position, len(tokenizer.source)
        tokenizer.fail("Expected '\"' to close this string", span)
    inside = token.text[1:-1]
    if "\\" not in inside:
        return Text(inside)
    known = inside.replace("\\\\", "").replace('\\"', "")
    value = _unescaped(inside)
    return Text(value, spelling=inside if "\\" in known else None)


def _unescaped(inside: str) -> str:
    pieces = inside.split("\\\\")
    return "\\".join(piece.replace('\\"', '"') for piece in pieces)


def _parse_regex(tokenizer: Tokenizer) -> Regex:
    """regex := '%' body '%'"""
    token = tokenizer.take("REGEX")
    if token is None:
        span = tokenizer.position, len(tokenizer.source)
        tokenizer.fail("Expected '%' to close this regex", span)
    read_regex(tokenizer.source, token.start + 1, token.end - 1)
    return Regex(token.text[1:-1])


def parse_counted_regex(tokenizer: ConditionTokenizer) -> Regex:
    """A regex, counted: AWS takes two in a pattern."""
    start = tokenizer.position
    regex = _parse_regex(tokenizer)
    tokenizer.regexes += 1
    if tokenizer.regexes > _MOST_REGEXES:
        span = start, tokenizer.position
        tokenizer.fail(f"Expected at most {_MOST_REGEXES} regexes in a pattern", span)
    return regex
