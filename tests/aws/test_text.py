# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a person is shown of a text that somebody else wrote."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from c7n_mfa.aws.text import one_line, shorten

# Lone surrogates as well, which JSON can carry.
ANY_TEXT = st.text(st.characters(exclude_categories=()))
PLAIN = st.text(string.ascii_letters + string.digits + string.punctuation + " ").map(str.strip)
# By their names in Unicode, all of which show nothing and none of which is a letter's own mark.
INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180f\u3164\ufe00\ufe0f\uffa0\U000e0100\U000e01ef"


@given(ANY_TEXT)
def test_nothing_is_left_but_visible_characters_and_spaces(text):
    shown = one_line(text)

    assert len(shown.splitlines()) <= 1
    assert {unicodedata.category(c)[0] for c in shown.replace(" ", "")} <= set("LMNPS")
    assert not set(shown) & set(INVISIBLE)
    assert shown == shown.strip()
    shown.encode()


@given(ANY_TEXT)
def test_what_is_shown_is_shown_as_it_is(text):
    assert one_line(one_line(text)) == one_line(text)


@given(PLAIN)
def test_plain_ascii_is_unchanged(text):
    assert one_line(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zürich, 東京", "Zürich, 東京"),
        ("a\r\nb\tc\u2028d\u2029e\x85f\u00a0g", "a b c d e f g"),
        ("a  b", "a  b"),
        (" \n a \t", "a"),
        ("\x1b[31mred\x07", r"\u{1b}[31mred\u{7}"),
        ("\x9b31m", r"\u{9b}31m"),
        ("abc\u202eexe.txt", r"abc\u{202e}exe.txt"),
        ("\u061cabc", r"\u{61c}abc"),
        ("ad\u200bmin", r"ad\u{200b}min"),
        ("ad\u2060min\ufeff", r"ad\u{2060}min\u{feff}"),
        ("tag\U000e0041\U000e0001", r"tag\u{e0041}\u{e0001}"),
        ("a\u2066b\u2069", r"a\u{2066}b\u{2069}"),
        ("a\xadb", r"a\u{ad}b"),
        ("a\ufe0fb\U000e0100", r"a\u{fe0f}b\u{e0100}"),
        ("a\u3164", r"a\u{3164}"),
        ("a\ud800b", r"a\u{d800}b"),
        ("a\ue000b\U0010fffdc", r"a\u{e000}b\u{10fffd}c"),
        ("a\uffffb", r"a\u{ffff}b"),
        ("\\u{202e}", "\\u{202e}"),
        ("\x00", ""),
        ("\u200b \u200b", ""),
        ("", ""),
    ],
)
def test_what_is_shown(text, shown):
    assert one_line(text) == shown


@pytest.mark.parametrize(
    ("longest", "shown"), [(12, "alice's name"), (11, "alice's na…"), (2, "a…"), (1, "…")]
)
def test_a_text_that_is_cut_says_so(longest, shown):
    assert shorten("alice's name", longest) == shown
