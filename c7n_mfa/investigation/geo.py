# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0
"""Country and network of an address, from MaxMind databases, where there are any.

The package `maxminddb` is no dependency: it is used when it lies beside us, as in a Lambda layer.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from c7n_mfa.investigation.dossier import Gap, Place
from c7n_mfa.signin.record import at, text

WHAT = "the country and the network of the address"


@dataclass
class Geo:
    """Open databases, and a gap where one could not be opened or read."""

    readers: list[Any] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    @classmethod
    def open(cls, paths: Iterable[str]) -> Geo:
        geo, paths = cls(), list(paths)
        if not paths:
            geo.gaps.append(Gap(WHAT, "no geo-database is set"))
            return geo
        try:
            package = importlib.import_module("maxminddb")
        except ImportError:
            geo.gaps.append(Gap(WHAT, "the package maxminddb is not installed"))
            return geo
        for path in paths:
            geo._add(package, path)
        return geo

    def place(self, address: str) -> Place | None:
        """Where an address is; what one database lacks another may have."""
        found = [entry for reader in self.readers if (entry := self._get(reader, address))]
        countries = (text(at(e, "country", "iso_code")) for e in found)
        networks = (text(at(e, "autonomous_system_organization")) for e in found)
        place = Place(next(filter(None, countries), None), next(filter(None, networks), None))
        return place if place != Place() else None

    def close(self) -> None:
        for reader in self.readers:
            reader.close()
        self.readers.clear()

    def _add(self, package: Any, path: str) -> None:
        try:
            self.readers.append(package.open_database(path))
        except (OSError, ValueError, RuntimeError) as error:
            # InvalidDatabaseError is a RuntimeError.
            self.gaps.append(Gap(WHAT, f"{path} cannot be opened: {type(error).__name__}"))

    def _get(self, reader: Any, address: str) -> Any:
        try:
            return reader.get(address)
        except (OSError, ValueError, RuntimeError) as error:
            why = f"a database cannot be read: {type(error).__name__}"
            if Gap(WHAT, why) not in self.gaps:
                self.gaps.append(Gap(WHAT, why))
            return None
