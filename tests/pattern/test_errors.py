# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""A refused pattern is shown with a marker under the fault and what was expected."""

from __future__ import annotations

import pickle

import pytest

from c7n_mfa.pattern import PatternSyntaxError, parse


def message(text: str) -> str:
    with pytest.raises(PatternSyntaxError) as caught:
        parse(text)
    return str(caught.value)


CASES = """
Expected '"' to close this string
    { $.a = "x }
            ~~~^

Expected '&&', '||' or '}' after a condition; write '&&' for 'AND'
    { $.a = 1 AND $.b = 2 }
              ~~^

Expected '&&', '||' or '}' after a condition; write '||' for 'or'
    { $.a = 1 or $.b = 2 }
              ~^

Expected '&&', '||' or '}' after a condition
    { $.a = 1, $.b = 2 }
             ^

Expected '&&', '||' or '}' after a condition
    { ($.a = 1) ($.b = 1) }
                ^

Expected one of the operators '=', '!=', '<', '>', '<=', '>='
    { $.a == 1 }
          ~^

Expected one of the operators '=', '!=', '<', '>', '<=', '>='
    { $.a <> 1 }
          ~^

Expected an operator, IS or NOT EXISTS after the selector
    { $.a }
          ^

Expected an operator, IS or NOT EXISTS after the selector
    { $.a IN [1] }
          ~^

Expected an operator, IS or NOT EXISTS after the selector; write '= *' for EXISTS
    { $.a EXISTS }
          ~~~~~^

Expected NULL, TRUE or FALSE after IS
    { $.a IS NOT NULL }
             ~~^

Expected EXISTS after NOT
    { $.a NOT NULL }
              ~~~^

Expected a selector such as $.name
    { a = 1 }
      ^

Expected a selector such as $.name
    { $.a = 1 && && $.b = 2 }
                 ^

Expected a selector such as $.name; there is no negation, only '!=' and NOT EXISTS
    { NOT $.a = 1 }
      ~~^

Expected a selector such as $.name; there is no negation, only '!=' and NOT EXISTS
    { !($.a = 1) }
      ^

Expected '.' and a name after '$'
    { $a = 1 }
      ^

Expected a name, '*' or ["name"] after '.'
    { $."a-b" = 1 }
        ^

Expected an index, '*' or a quoted name in brackets
    { $.a[x] = 1 }
          ^

Expected a quoted name in brackets after '.', such as ['a.b']
    { $.[a.b] = 1 }
        ^

Expected at most one wildcard in a selector
    { $.a[*].b[*] = 1 }
      ~~~~~~~~~~^

Expected at most 3 selectors with a wildcard in a pattern
    { $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 }
                                                ~~~~~^

Expected an unquoted number after '>'
    { $.a > "5" }
            ~~^

Expected an unquoted number after '<='
    { $.a <= abc }
             ~~^

Expected a string, a number or a %regex% after '='
    { $.a = }
            ^

Expected straight double quotes around a string
    { $.a = 'x' }
            ^

Expected straight double quotes around a string
    { $.a = “x” }
            ^

Expected a value with ':' in it to stand in double quotes
    { $.a = a:b }
             ^

Expected a value with '$' in it to stand in double quotes
    { $.a = $.b }
            ~~^

Expected ')' to close this '('
    { ($.a = 1 && $.b = 2 }
      ~~~~~~~~~~~~~~~~~~~~^

Expected no ')' here: no '(' is open
    { $.a = 1) }
             ^

Expected '}' at the end of a pattern that starts with '{'
    { $.a = 1
             ^

Expected nothing after the closing '}'
    { $.a = 1 } }
                ^

Expected no parenthesis in a regex; \\x28 stands for the character
    { $.a = %(x)% }
             ^

Expected a character allowed in a regex; \\x21 stands for this one
    { $.a = %a!% }
              ^

Expected ASCII characters in a regex
    %café%
        ^

Expected a regex between the percent signs
    { $.a = %% }
            ~^

Expected '%' to close this regex
    { $.a = %x }
            ~~~^

Expected at most 2 regexes in a pattern
    { $.a = %a% && $.b = %b% && $.c = %c% }
                                      ~~^

Expected one quantifier, not several
    %a**%
      ~^

Expected something to repeat before '+'
    %+a%
     ^

Expected ']' to close this character class
    %x[ab%
      ~~^

Expected at least one character in the class
    %[]%
     ~^

Expected a range from a lower to a higher character
    %[z-a]%
      ~~^

Expected a count such as {2}, {2,} or {2,5}
    %a{x}%
      ^

Expected bounds in rising order
    %a{3,1}%
      ~~~~^

Expected \\d, \\D, \\s, \\S, \\w, \\W, \\xhh or a symbol after the backslash
    %a\\q%
      ~^

Expected at least one character between the quotes
    ""
    ~^

Expected '"' to close this string
    ERROR "abc
          ~~~^

Expected a blank after a term; other characters need double quotes
    ERROR: x
         ^

Expected a word, a string in double quotes or a %regex%
    ERROR -
           ^

Expected '{' before a condition and '}' after it
    ($.a = 1)
    ^

Expected ']' at the end of a pattern that starts with '['
    [a, b
         ^

Expected an operator, ',' or ']' after the name
    [a b]
       ^

Expected 'a': an entry tests one name only
    [a = 1 && b = 2]
              ^

Expected '...' once in a pattern
    [..., a, ...]
            ~~~^

Expected the name of a field or '...'
    [a,]
       ^

Expected nothing after the closing ']'
    [a] ]
        ^
""".strip().split("\n\n")


@pytest.mark.parametrize("expected", CASES, ids=lambda case: case.split("\n")[1].strip())
def test_the_whole_message(expected):
    source = expected.split("\n")[1][4:]

    assert message(source) == expected


def test_a_blank_before_the_brace_is_marked():
    assert message(" { $.a = 1 }") == "\n".join(
        ["Expected nothing before the opening '{'", "     { $.a = 1 }", "    ~^"]
    )


def test_the_marker_stands_below_its_own_line():
    assert message("{\n  $.a = 1 &&\n\t$.b > x\n}") == "\n".join(
        [
            "Expected an unquoted number after '>'",
            "    {",
            "      $.a = 1 &&",
            "    \t$.b > x",
            "    \t      ^",
            "    }",
        ]
    )


def test_a_fault_over_several_lines_is_marked_on_the_first():
    assert message('{ $.a = "x\n  && $.b = 1\n}') == "\n".join(
        [
            "Expected '\"' to close this string",
            '    { $.a = "x',
            "            ~^",
            "      && $.b = 1",
            "    }",
        ]
    )


def test_a_pattern_too_long_is_shown_around_the_limit():
    assert message("x" * 2000) == "\n".join(
        [
            "Expected at most 1024 characters, found 2000",
            f"    ...{'x' * 120}...",
            " " * (4 + 3 + 60) + "~" * 59 + "^",
        ]
    )


def test_the_parts_of_an_error_are_there_to_use():
    with pytest.raises(PatternSyntaxError) as caught:
        parse("{ $.a > x }")

    error = caught.value
    assert isinstance(error, ValueError)
    assert (error.message, error.source, error.span) == (
        "Expected an unquoted number after '>'",
        "{ $.a > x }",
        (8, 9),
    )


def test_an_error_survives_pickling():
    with pytest.raises(PatternSyntaxError) as caught:
        parse("{")

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
