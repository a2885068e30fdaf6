# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Which modules of a package a module takes, read from its source.

Every import counts, wherever it stands: one within a function is made at three in the morning.
What is imported by a text (:mod:`c7n_mfa.entry`) is not seen, and has to be named.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

Find = Callable[[str], "Source | None"]
"""The source of a module by its dotted name; None for what is no module of the package."""


@dataclass(frozen=True, slots=True)
class Source:
    text: str
    is_package: bool = False


def closure(roots: Iterable[str], find: Find, without: Iterable[str] = ()) -> dict[str, Source]:
    """The modules that roots import, directly or not, with the packages that hold them.

    Nothing is followed into a module of ``without``.  A root that is no module is a KeyError.
    """
    found: dict[str, Source] = {}
    left_out = set(without)
    waiting = sorted(roots)
    for root in waiting:
        if find(root) is None:
            raise KeyError(root)
    while waiting:
        name = waiting.pop()
        source = None if name in found or name in left_out else find(name)
        if source is not None:
            found[name] = source
            waiting.extend([*_above(name), *_imported(name, source)])
    return found


def _above(name: str) -> Iterator[str]:
    """The packages that Python imports before it imports a module."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _imported(name: str, source: Source) -> Iterator[str]:
    """What a module may import: of `from a import b`, both `a` and `a.b`, which may be a module."""
    for node in ast.walk(ast.parse(source.text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(name, source, node)
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def _origin(name: str, source: Source, node: ast.ImportFrom) -> str:
    """The module that names are imported from; dots lead upwards from the package around it."""
    if not node.level:
        return node.module or ""
    package = name if source.is_package else name.rpartition(".")[0]
    for _ in range(node.level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{node.module}" if node.module else package
