# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""What a person is shown of a text that somebody else wrote."""

from __future__ import annotations

import re
import shlex
import string
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from c7n_mfa.aws.text import named, one_line, quote, shorten, typed_words, unlinked

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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://evil.example/x", "https[:]//evil[.]example/x"),
        ("HTTP://EVIL.EXAMPLE", "HTTP[:]//EVIL[.]EXAMPLE"),
        ("www.evil.example", "www[.]evil[.]example"),
        ("evil.example", "evil[.]example"),
        ("evil\u3002example", "evil[.]example"),
        ("evil\uff0eexample", "evil[.]example"),
        ("ev\u200bil.example", r"ev\u{200b}il[.]example"),
        ("xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd[.]xn--p1ai"),
        ("user@evil.example", "user@evil[.]example"),
        ("mailto:user@localhost", "mailto[:]user@localhost"),
        ("TEL:+15550100", "TEL[:]+15550100"),
        ("[here](x)", "[here] (x)"),
        ("<b>`x`</b>", "(b)'x'(/b)"),
        ('say "yes"', "say 'yes'"),
        ("\\\\evil\\share", "\\ \\evil\\share"),
        ("192.0.2.10", "192.0.2.10"),
        ("Mozilla/5.0 (X11) Gecko/20100101", "Mozilla/5.0 (X11) Gecko/20100101"),
        ("a sentence.  Another.", "a sentence.  Another."),
        ("first.last", "first[.]last"),
        ("a\nWhat to do next\n1. nothing", "a What to do next 1. nothing"),
        ("abc\u202e", r"abc\u{202e}"),
    ],
)
def test_no_client_makes_a_link_of_it(text, shown):
    assert unlinked(text, 80) == shown


LINKS = re.compile(r"://|\]\(|[.\u3002\uff0e\uff61][^\W\d_]|mailto:", re.IGNORECASE)


@given(st.text(st.sampled_from('abA.:/\\[](<>)"` \n@\u202e\u3002mailto'), max_size=60))
@example("a:://://b.c.d")
@example("]]((")
def test_whatever_is_shown_is_one_line_without_a_link_and_without_marks(text):
    shown = unlinked(text, 40)

    assert not LINKS.search(shown)
    assert not re.search(r'["`<>\n\u202e]', shown)


@given(st.lists(st.text(st.characters(exclude_characters="\0\ud800"), max_size=20), min_size=1))
def test_a_shell_takes_the_words_as_they_are(words):
    typed = typed_words(words)

    assert shlex.split(typed) == words
    assert not re.search(r"[.\u3002][^\W\d_]", typed)


def test_a_name_of_one_word_is_not_quoted_and_any_other_is():
    assert named("Engineer/first.last@example.com", 80) == "Engineer/first[.]last@example[.]com"
    assert named("was released", 80) == '"was released"'
    assert named("ro\u043et", 80) == '"ro\u043et"'
    assert quote("x", 80) == '"x"'
