# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What holds of every pattern and every event."""

from __future__ import annotations

import json

from hypothesis import assume, given

from c7n_mfa.pattern import Pattern, PatternSyntaxError, parse
from c7n_mfa.pattern.judge import judge_event
from c7n_mfa.pattern.values import known
from pattern.strategies import any_events, events, odd_patterns, scraps, settled_patterns
from pattern.treewalk import treewalk


def read(text: str) -> Pattern | PatternSyntaxError:
    try:
        return parse(text)
    except PatternSyntaxError as error:
        return error


@given(scraps)
def test_any_text_is_a_pattern_or_a_syntax_error(text):
    outcome = read(text)
    if isinstance(outcome, Pattern):
        assert outcome.text == text
        return

    start, end = outcome.span
    assert 0 <= start <= end <= len(text)
    assert outcome.source == text
    assert str(outcome).startswith(outcome.message)


@given(odd_patterns | settled_patterns)
def test_the_canonical_text_parses_back_to_an_equal_pattern(text):
    pattern = parse(text)

    again = parse(str(pattern))

    assert again == pattern
    assert hash(again) == hash(pattern)
    assert str(again) == str(pattern)


@given(odd_patterns, any_events)
def test_any_pattern_answers_any_event_and_names_what_an_unknown_hangs_on(text, event):
    pattern = parse(text)

    answer = pattern.match(event)

    assert answer in (True, False, None)
    assert bool(pattern.explain_unknown(event)) is (answer is None)


@given(settled_patterns, events)
def test_compiled_is_what_the_tree_says(text, event):
    pattern = parse(text)
    answer = pattern.match(event)
    # The tree walk does not know which behaviours are undocumented.
    assume(answer is not None)

    assert answer is treewalk(pattern.node.condition, event)


@given(odd_patterns | settled_patterns, any_events)
def test_the_closures_and_the_explanation_agree(text, event):
    pattern = parse(text)
    assume(not pattern.doubts)

    assert pattern.match(event) is known(judge_event(pattern.node, event))


@given(settled_patterns, events)
def test_a_message_is_matched_as_its_parsed_event(text, event):
    pattern = parse(text)

    assert pattern.match(json.dumps(event)) is pattern.match(event)
