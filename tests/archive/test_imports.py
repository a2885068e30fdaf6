# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Which modules a module takes, on made-up packages."""

from __future__ import annotations

import pytest

from c7n_mfa.archive.imports import Source, closure

PACKAGES = {"p", "p.q", "p.q.r"}


def taken(root, without=(), **texts):
    """The closure of a root in a package whose modules' names are spelt with underscores."""
    modules = {name.replace("_", "."): text for name, text in texts.items()}
    sources = {
        **{name: Source("", True) for name in PACKAGES},
        **{name: Source(text, name in PACKAGES) for name, text in modules.items()},
    }
    return sorted(closure([root], sources.get, without))


@pytest.mark.parametrize(
    "text",
    [
        "import p.b",
        "import os, p.b as b",
        "from p import b",
        "from p.b import name",
        "from p.b import *",
        "from . import b",
        "from .b import name",
        "def f():\n    from p.b import name",
        "try:\n    import p.b\nexcept ImportError:\n    pass",
        "if TYPE_CHECKING:\n    from p.b import name",
    ],
)
def test_an_import_counts_wherever_it_stands(text):
    assert taken("p.a", p_a=text, p_b="") == ["p", "p.a", "p.b"]


@pytest.mark.parametrize("text", ["import os", "from os import path", "b = 'import p.b'", "# p.b"])
def test_what_is_no_import_of_the_package_does_not_count(text):
    assert taken("p.a", p_a=text, p_b="") == ["p", "p.a"]


def test_dots_lead_upwards():
    wanted = ["p", "p.b", "p.q", "p.q.r", "p.q.r.a"]
    assert taken("p.q.r.a", p_q_r_a="from ...b import name", p_b="") == wanted


def test_dots_of_a_package_start_in_the_package():
    assert taken("p.q", p_q="from .c import name", p_q_c="") == ["p", "p.q", "p.q.c"]
    assert taken("p.q", p_q="from . import c", p_q_c="") == ["p", "p.q", "p.q.c"]
    assert taken("p.q", p_q="from .. import b", p_b="") == ["p", "p.b", "p.q"]


def test_what_a_package_around_a_module_imports_counts():
    assert taken("p.q.a", p_q_a="", p_q="from p import b", p_b="") == ["p", "p.b", "p.q", "p.q.a"]


def test_imports_are_followed_and_circles_end():
    found = taken("p.a", p_a="from p import b", p_b="from p import c", p_c="from p import a")
    assert found == ["p", "p.a", "p.b", "p.c"]


def test_a_module_left_out_is_not_followed():
    texts = {"p_a": "from p import b, c", "p_b": "from p import d", "p_c": "", "p_d": ""}
    assert taken("p.a", ["p.b"], **texts) == ["p", "p.a", "p.c"]


def test_a_root_that_is_no_module_is_named():
    with pytest.raises(KeyError, match=r"p\.nothing"):
        taken("p.nothing")
