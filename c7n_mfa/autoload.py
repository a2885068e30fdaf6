# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""Lets an unmodified `custodian` or `c7n-org` find our filters and actions.

c7n loads no plugins. A one-line `.pth` file imports this module whenever Python starts, so all it
does then is leave a finder that waits for `c7n.manager`. Nothing of c7n is imported here: while
`c7n.manager` loads, that would be a circular import and the end of custodian.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing's own costs more to import than the rest of this module
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_SWITCH = "C7N_MFA_AUTOLOAD"
_OFF = frozenset({"off", "0", "no", "false"})
_AWAITED = "c7n.manager"

# All that a c7n of another shape can do to us: a name that moved, an attribute that went, a
# signature that changed. Custodian must go on without us then, so these are caught, and said once.
_MISFITS = (ImportError, AttributeError, TypeError)
_told = False


class _Finder:
    """Waits for one import, answers it as Python would have, and has us told when it is done."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _AWAITED:
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(self, spec.loader)  # type: ignore[assignment]
        return spec


class _Loader:
    """The module's own loader, followed by our subscription."""

    def __init__(self, finder: _Finder, loader: Loader) -> None:
        self._finder = finder
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        _go_on_without(lambda: module.resources.subscribe(_on_resource))


def _on_resource(registry: Any, resource_class: Any) -> None:
    """c7n calls this with each resource type that it has loaded."""

    def register() -> None:
        from c7n_mfa import entry

        entry.register(registry, resource_class)

    _go_on_without(register)


def _go_on_without(step: Callable[[], object]) -> None:
    global _told
    try:
        step()
    except _MISFITS as error:
        if not _told:
            _told = True
            print(
                f"c7n-mfa could not load into custodian ({error}); "
                f"{_SWITCH}=off in the environment stops it from trying.",
                file=sys.stderr,
            )


if os.environ.get(_SWITCH, "").strip().lower() not in _OFF:
    sys.meta_path.insert(0, _Finder())
