# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Frozen dataclasses with slots whose methods are written once.

``@dataclass(frozen=True, slots=True)`` compiles six methods for every class, half a millisecond
each time.  An audit needs seventy such classes, and a Lambda function starts cold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar, dataclass_transform

T = TypeVar("T")
_set = object.__setattr__


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Like ``@dataclass(frozen=True, slots=True)``; what the class itself defines is kept."""
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    own = fields(made)
    made.__form__ = _Form(
        tuple(each.name for each in own if each.init),
        {each.name: each.default for each in own if each.default is not MISSING},
        {e.name: e.default_factory for e in own if e.default_factory is not MISSING},
        tuple(each.name for each in own if each.repr),
        _getter([each.name for each in own if each.compare]),
        hasattr(made, "__post_init__"),
    )
    for method in _METHODS:
        if method.__name__ not in cls.__dict__:
            setattr(made, method.__name__, method)
    return made


class _Form(NamedTuple):
    """What the methods need to know of a class."""

    parameters: tuple[str, ...]
    defaults: Mapping[str, Any]
    factories: Mapping[str, Callable[[], Any]]
    shown: tuple[str, ...]
    compared: Callable[[Any], Any]
    has_post_init: bool


def _getter(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _: ()


def __init__(self: Any, *args: Any, **given: Any) -> None:
    parameters, defaults, factories, _, _, has_post_init = self.__form__
    if len(args) > len(parameters):
        raise TypeError(f"{_name(self)} takes at most {len(parameters)} values, not {len(args)}")
    for name, arg in zip(parameters, args, strict=False):
        _set(self, name, arg)
    for name in parameters[len(args) :]:
        if name in given:
            _set(self, name, given.pop(name))
        elif name in defaults:
            _set(self, name, defaults[name])
        elif name in factories:
            _set(self, name, factories[name]())
        else:
            raise TypeError(f"{_name(self)} needs a value for {name}")
    if given:
        raise TypeError(f"{_name(self)} takes no value, or no second one, for {', '.join(given)}")
    if has_post_init:
        self.__post_init__()


def __repr__(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name in self.__form__.shown)
    return f"{_name(self)}({', '.join(shown)})"


def __eq__(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    compared = self.__form__.compared
    return compared(self) == compared(other)


def __hash__(self: Any) -> int:
    return hash(self.__form__.compared(self))


def __setattr__(self: Any, name: str, _: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def __delattr__(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def __getstate__(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def __setstate__(self: Any, state: list[Any]) -> None:
    for each, part in zip(fields(self), state, strict=True):
        _set(self, each.name, part)


def _name(self: Any) -> str:
    return type(self).__qualname__


_METHODS = (
    __init__,
    __repr__,
    __eq__,
    __hash__,
    __setattr__,
    __delattr__,
    __getstate__,
    __setstate__,
)
