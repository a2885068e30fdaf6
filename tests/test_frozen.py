# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""A frozen class does what one of the standard library's does."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace

import pytest

from c7n_mfa.frozen import frozen

standard = dataclass(frozen=True, slots=True)


class Link:
    """As written, before either makes a class of it."""

    __annotations__ = {"name": str, "tags": "tuple", "notes": "list", "cause": "object"}
    tags = ()
    notes = field(default_factory=list)
    cause = field(default=None, compare=False, repr=False)

    def upper(self):
        return self.name.upper()


def made(decorator):
    namespace = {k: v for k, v in vars(Link).items() if k not in ("__dict__", "__weakref__")}
    return decorator(type("Link", (), {**namespace, "__qualname__": "Link"}))


ours, theirs = made(frozen), made(standard)


@frozen
class Doubled:
    """One with a field of its own making."""

    number: int
    twice: int = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "twice", 2 * self.number)


@frozen
class Nothing:
    """One without fields."""


@frozen
class Loose:
    """One that says itself what is equal."""

    name: str

    def __eq__(self, other):
        return self.name.lower() == other.name.lower()

    def __hash__(self):
        return hash(self.name.lower())


@pytest.mark.parametrize(
    ("args", "given"),
    [
        (("a",), {}),
        (("a", (1,)), {}),
        (("a", (1,), ["n"], "why"), {}),
        (("a",), {"notes": ["n"]}),
        ((), {"name": "a", "cause": "why"}),
    ],
)
def test_it_is_made_shown_and_taken_apart_alike(args, given):
    one, other = ours(*args, **given), theirs(*args, **given)

    assert repr(one) == repr(other)
    assert asdict(one) == asdict(other)
    assert [each.name for each in fields(one)] == [each.name for each in fields(other)]
    assert asdict(replace(one, name="b")) == asdict(replace(other, name="b"))
    assert one.upper() == other.upper()


@pytest.mark.parametrize(
    ("args", "given", "message"),
    [
        ((), {}, "Link needs a value for name"),
        (("a", 1, 2, 3, 4), {}, "Link takes at most 4 values, not 5"),
        (("a",), {"name": "b"}, "Link takes no value, or no second one, for name"),
        (("a",), {"colour": "b"}, "Link takes no value, or no second one, for colour"),
    ],
)
def test_what_it_cannot_be_made_of_is_a_type_error_alike(args, given, message):
    with pytest.raises(TypeError):
        theirs(*args, **given)
    with pytest.raises(TypeError) as caught:
        ours(*args, **given)

    assert str(caught.value) == message


def test_each_has_its_own_default():
    one, other = ours("a"), ours("a")
    one.notes.append("n")

    assert (one.notes, other.notes) == (["n"], [])


def test_what_is_compared_makes_it_equal():
    assert ours("a", cause="x") == ours("a", cause="y")
    assert ours("a") != ours("b")
    assert ours("a") != theirs("a")
    assert Nothing() == Nothing()
    assert hash(ours("a", (), ())) == hash(ours("a", (), (), "why"))
    assert len({Doubled(1), Doubled(1), Doubled(2), Nothing(), Nothing()}) == 3


def test_what_the_class_says_itself_is_kept():
    assert Loose("A") == Loose("a")
    assert len({Loose("A"), Loose("a")}) == 1


def test_it_is_frozen_and_has_no_room_for_more():
    one = ours("a")

    with pytest.raises(FrozenInstanceError):
        one.name = "b"
    with pytest.raises(FrozenInstanceError):
        del one.name
    with pytest.raises(FrozenInstanceError):
        one.colour = "b"
    assert not hasattr(one, "__dict__")


def test_it_is_finished_by_the_class_itself():
    assert Doubled(2).twice == 4
    assert repr(replace(Doubled(2), number=3)) == "Doubled(number=3, twice=6)"
    with pytest.raises(TypeError):
        Doubled(2, 4)


def test_it_is_matched_by_position():
    match ours("a", (1,)):
        case ours(name, (number,)):
            assert (name, number) == ("a", 1)


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))]
)
def test_it_can_be_copied(again):
    assert again(Doubled(2)) == Doubled(2)
