# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""What AWS does not document about filter patterns, by name.

Where evidence points one way, that way is taken and recorded here (``assumed``).
Where nothing settles it and the readings disagree, the answer is unknown (``open``).
"""

from __future__ import annotations

from typing import Literal

from c7n_mfa.frozen import frozen

_all: list[Behaviour] = []


@frozen
class Behaviour:
    """One undocumented behaviour: ``assumed`` to be as the sentence says, or ``open``."""

    name: str
    sentence: str
    status: Literal["assumed", "open"]
    evidence: str

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"


def _open(name: str, sentence: str, evidence: str) -> Behaviour:
    return _register(Behaviour(name, sentence, "open", evidence))


def _assumed(name: str, sentence: str, evidence: str) -> Behaviour:
    return _register(Behaviour(name, sentence, "assumed", evidence))


def _register(behaviour: Behaviour) -> Behaviour:
    _all.append(behaviour)
    return behaviour


# Open: the answer is unknown wherever the readings disagree.

BOOLEAN_PRESENCE = _open(
    "boolean-presence",
    "Whether '= *' holds for a field that is true or false.",
    "The user guide says only that value nodes are strings or numbers.",
)
BOOLEAN_REGEX = _open(
    "boolean-regex",
    "Whether a regex is searched for in the text of true or false.",
    "No document mentions it.",
)
REGEX_ON_NUMBER = _open(
    "regex-on-number",
    "Whether a regex is searched for in the text of a number.",
    "Likely, since wildcards are, but no document mentions it.",
)
NUMBER_TEXT = _open(
    "number-text",
    "Which text a number has that was written with an exponent or superfluous digits.",
    "Observed in 2019 for plain numbers only: quoted text compares with 12.0 as '12.0'.",
)
LARGE_NUMBER = _open(
    "large-number",
    "Whether whole numbers beyond 2^53 are compared exactly or as floating point.",
    "No document mentions it.",
)
NUMERIC_STRING = _open(
    "numeric-string",
    "Whether an unquoted number equals a string of the same value written differently.",
    "Observed in 2019: number-like strings support equality; only equal text was tried.",
)
NUMBER_WITHOUT_DIGITS = _open(
    "number-without-digits",
    "Whether an unquoted '5.' or '.5' is a number or a word.",
    "The documented numbers have digits on both sides of the point.",
)
INNER_ASTERISK_MIXED = _open(
    "inner-asterisk-mixed",
    "Whether an asterisk inside a value is literal when another stands at an end.",
    "The 2020 user guide calls an inner asterisk literal; today's page says only that "
    "the asterisk matches text.",
)
INNER_ASTERISK_ON_NUMBER = _open(
    "inner-asterisk-on-number",
    "Whether an inner asterisk is literal when the field is a number.",
    "Observed in 2019: '!= \"1*3\"' did not match 123, against the documents of the time.",
)
REPEATED_ASTERISK = _open(
    "repeated-asterisk",
    "What '**' matches.",
    "No document mentions it.",
)
SUFFIX_FIRST_OCCURRENCE = _open(
    "suffix-first-occurrence",
    "Whether '*x' finds x at the end of a string that also holds x earlier.",
    "Observed in 2019: '*111.111.111' did not match 111.111.111.111.",
)
CONTROL_CHARACTER = _open(
    "control-character",
    "Whether a tab or line break inside quotes stands for itself or for a blank.",
    "No document mentions it.",
)
UNKNOWN_ESCAPE = _open(
    "unknown-escape",
    "What a backslash means before anything but a quote or a backslash.",
    "The AWS CDK escapes only quotes and backslashes.",
)
WILDCARD_NOT_EQUAL = _open(
    "wildcard-selector-not-equal",
    "Whether '!=' over a wildcard selector means that any value differs or that none is equal.",
    "The user guide shows wildcard selectors with '=' only.",
)
WILDCARD_NOT_EXISTS = _open(
    "wildcard-selector-not-exists",
    "Whether NOT EXISTS over a wildcard selector means that any or that all lack the field.",
    "The user guide shows wildcard selectors with '=' only.",
)
ANY_FIELD_ON_ARRAY = _open(
    "any-field-on-array",
    "Whether '.*' selects the elements of an array.",
    "The user guide says it selects any field of an object.",
)
NULL_IN_ARRAY = _open(
    "null-in-array",
    "Whether IS NULL holds for an array that contains null.",
    "An emulator aligned with AWS says yes, the 2020 user guide suggests no.",
)
CONTAINER_VETO = _open(
    "container-veto",
    "Whether a comparison with an array or object keeps the other side of '||' from matching.",
    "The user guide: 'the filter pattern won't match the log format'.",
)
DUPLICATE_KEYS = _open(
    "duplicate-keys",
    "Which value counts when an object holds the same key twice.",
    "No document mentions it.",
)
TOP_LEVEL_ARRAY = _open(
    "top-level-array",
    "Whether a JSON pattern looks into an event that is an array.",
    "The user guide speaks of JSON log events and shows objects.",
)
EVENT_TOO_DEEP = _open(
    "event-too-deep",
    "How an event nested thousands of levels deep is read.",
    "No document mentions it.",
)
EVENT_TEXT = _open(
    "event-text",
    "How a parsed event was spelled as text; terms search the text.",
    "Blanks and escapes of the original are lost once it is parsed.",
)
LEADING_ZERO_INDEX = _open(
    "leading-zero-index",
    "Whether an index may start with a zero, as in [01].",
    "No document mentions it.",
)
BLANK_IN_BRACKETS = _open(
    "blank-in-brackets",
    "Whether blanks may stand inside the brackets of a selector.",
    "No document mentions it.",
)
NON_ASCII_NAME = _open(
    "non-ascii-name",
    "Whether a name may hold letters beyond ASCII without bracket notation.",
    "The user guide: selectors are alphanumeric, with hyphen and underscore.",
)
BRACKET_NAME = _open(
    "bracket-name",
    "Whether a bracketed name may be empty, or follow without a period.",
    "The only example is $.['cluster.name'].",
)
KEYWORD_CASE = _open(
    "keyword-case",
    "Whether IS, NULL, TRUE, FALSE, NOT and EXISTS may be written in lower case.",
    "The user guide shows upper case only and calls patterns case sensitive.",
)
ASTERISK_IN_TERM = _open(
    "asterisk-in-term",
    "Whether an asterisk in an unquoted term is a wildcard.",
    "No document mentions it.",
)
BLANK_PHRASE = _open(
    "blank-phrase",
    "What a quoted term of several blanks matches.",
    'The user guide: a term of one blank, " ", matches everything.',
)
REST_OF_LINE = _open(
    "rest-of-line",
    "Whether a condition on the last entry tests one field, all the rest, or the field count.",
    "The user guide: a pattern of two entries matches lines of any length.",
)
TOO_FEW_FIELDS = _open(
    "too-few-fields",
    "Whether an event with fewer fields than entries can match.",
    "No document mentions it.",
)
FIELD_BOUNDARY = _open(
    "field-boundary",
    "How fields are cut when a quote or bracket is unbalanced or inside a word.",
    "The user guide shows whole fields in quotes or brackets only.",
)
REGEX_LINE_BREAK = _open(
    "regex-line-break",
    "How '.', '^' and '$' treat line breaks.",
    "No document mentions it.",
)
REGEX_NON_ASCII_TEXT = _open(
    "regex-non-ascii-text",
    "Whether a regex sees characters beyond ASCII as one character or as bytes.",
    "The user guide: multi-byte characters are not supported in a regex.",
)
REGEX_TOO_LARGE = _open(
    "regex-too-large",
    "What is found by a regex that repeats thousands of times, or has thousands of ways through "
    "a long text.",
    "No document mentions a bound; none is searched for here.",
)

# Assumed: the best evidence is followed.

MISSING_FIELD = _assumed(
    "missing-field",
    "A comparison with a missing field is false, '!=' too.",
    "Observed in the console in 2024 (azul#5884, DevelopersIO) and on AWS in 2019.",
)
NULL_PARENT = _assumed(
    "null-parent",
    "A field below null is missing.",
    "Reasoned: null has no fields.",
)
NULL_COMPARISON = _assumed(
    "null-comparison",
    "A comparison with null is false, '!=' and '= *' too.",
    "The user guide: value nodes can be strings or numbers.",
)
BOOLEAN_COMPARISON = _assumed(
    "boolean-comparison",
    "A comparison of true or false with a string or number is false, '!=' too.",
    "The user guide: value nodes can be strings or numbers; IS TRUE tests booleans.",
)
INNER_ASTERISK = _assumed(
    "inner-asterisk",
    "An asterisk inside a value, with none at its ends, stands for itself.",
    "The 2020 user guide, and observed in 2019; today's page does not say.",
)
NEGATED_REGEX = _assumed(
    "negated-regex",
    "'!=' with a regex is true of a string in which the regex is not found.",
    "The AWS CDK allows '=' and '!=' with a regex.",
)
WILDCARD_IS = _assumed(
    "wildcard-selector-is",
    "IS over a wildcard selector holds if it holds for any value.",
    "As '=' does.",
)
LEADING_BLANK = _assumed(
    "leading-blank",
    "A JSON or space-delimited pattern starts at the first character: no blank before it.",
    "Observed in 2019: Invalid metric filter pattern.",
)
TRAILING_BLANK = _assumed(
    "trailing-blank",
    "Blanks and line breaks may follow the last brace or bracket.",
    "Heredocs in public infrastructure code end patterns with a line break.",
)
NOT_JSON = _assumed(
    "not-json",
    "No JSON pattern matches an event that is not JSON, NOT EXISTS included.",
    "The user guide: JSON patterns match JSON log events.",
)
SURROUNDED_JSON = _assumed(
    "surrounded-json",
    "Blanks around the JSON of an event do not matter.",
    "They are JSON's own blanks.",
)
BARE_CHARACTERS = _assumed(
    "bare-characters",
    "An unquoted value may hold letters, digits, points, hyphens, underscores and asterisks.",
    "Documented examples use points and asterisks; the hyphen is taken by every parser known.",
)
EMPTY_STRING = _assumed(
    "empty-string",
    'A comparison with "" is accepted and holds for the empty string.',
    'Only the two-character term pattern "" was observed to be refused.',
)
EMPTY_BRACES = _assumed(
    "empty-braces",
    "Braces or brackets with nothing between them are refused.",
    "The grammar needs a condition.",
)
NEGATIVE_INDEX = _assumed(
    "negative-index",
    "A negative array index is refused.",
    "The user guide: arrays follow a zero-based numbering.",
)
UPPER_CASE_EXPONENT = _assumed(
    "upper-case-exponent",
    "1E3 is a number as 1e3 is.",
    "Usual; the examples are in lower case.",
)
REGEX_BLANK = _assumed(
    "regex-blank",
    "A regex may hold blanks.",
    "An example in the user guide does, its list of characters does not.",
)
REGEX_DIALECT = _assumed(
    "regex-dialect",
    "Lone closing brackets and braces are literal, '[' is literal in a class, an alternative "
    "may be empty, '?' after a quantifier makes it lazy; other escapes, stacked quantifiers "
    "and empty classes are refused.",
    "The user guide lists operators but names no dialect.",
)
EMPTY_REGEX = _assumed("empty-regex", "An empty regex is refused.", "No document mentions it.")
OPTIONAL_WITH_EXCLUDED = _assumed(
    "optional-with-excluded",
    "Optional terms are ignored next to excluded terms, as they are next to required ones.",
    "The user guide: combined with other filter patterns, they are ignored.",
)
REGEX_AMONG_TERMS = _assumed(
    "regex-among-terms",
    "A regex among terms is a term like any other.",
    "The user guide shows a regex alone.",
)
SPACE_PARENTHESES = _assumed(
    "space-parentheses",
    "Conditions of one entry may be grouped with parentheses.",
    "The user guide shows && and || without.",
)
FIELD_TEXT = _assumed(
    "field-text",
    "The text of a bracketed or quoted field is what stands between.",
    "The extracted values in the API reference show no brackets or quotes.",
)

BEHAVIOURS: tuple[Behaviour, ...] = tuple(_all)
"""Every behaviour, in the order of the documentation."""
