# Copyright the c7n-mfa authors.
# SPDX-License-Identifier: Apache-2.0

"""The optional database; the package that reads it is no dependency, so a stand-in plays it."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from c7n_mfa.investigation.ask import GEO, Geo
from c7n_mfa.investigation.dossier import Gap, Place


class Reader:
    def __init__(self, entries):
        self.entries = entries
        self.is_open = True

    def get(self, address):
        found = self.entries[address]
        if isinstance(found, Exception):
            raise found
        return found

    def close(self):
        self.is_open = False


@pytest.fixture
def databases(monkeypatch):
    """Put databases behind paths, as `maxminddb` would open them."""

    def databases(**found):
        def open_database(path):
            if isinstance(found[path], Exception):
                raise found[path]
            return found[path]

        monkeypatch.setitem(sys.modules, "maxminddb", SimpleNamespace(open_database=open_database))

    return databases


def test_country_and_network_come_from_whichever_database_has_them(databases):
    country = Reader({"192.0.2.1": {"country": {"iso_code": "DE", "names": {}}}})
    network = Reader({"192.0.2.1": {"autonomous_system_organization": "Example Net"}})
    databases(country=country, network=network)

    geo = Geo.open(["country", "network"])

    assert geo.place("192.0.2.1") == Place("DE", "Example Net")
    assert geo.gaps == []
    geo.close()
    assert (country.is_open, network.is_open) == (False, False)


@pytest.mark.parametrize("entry", [None, {}, [], "DE", {"country": "DE"}, {"country": {"iso": 7}}])
def test_an_address_that_is_not_in_it_has_no_place(databases, entry):
    databases(country=Reader({"192.0.2.1": entry}))
    assert Geo.open(["country"]).place("192.0.2.1") is None


def test_without_a_database_nothing_is_looked_up_and_said_so():
    geo = Geo.open([])
    assert geo.place("192.0.2.1") is None
    assert geo.gaps == [Gap(GEO, "no geo-database is set")]


def test_without_the_package_nothing_is_looked_up_and_said_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "maxminddb", None)
    geo = Geo.open(["country"])
    assert geo.place("192.0.2.1") is None
    assert geo.gaps == [Gap(GEO, "the package maxminddb is not installed")]


@pytest.mark.parametrize("error", [FileNotFoundError(), RuntimeError(), ValueError()])
def test_a_database_that_cannot_be_opened_leaves_the_others(databases, error):
    found = Reader({"192.0.2.1": {"country": {"iso_code": "DE"}}})
    databases(lost=error, country=found)

    geo = Geo.open(["lost", "country"])

    assert geo.place("192.0.2.1") == Place("DE")
    assert geo.gaps == [Gap(GEO, f"lost cannot be opened: {type(error).__name__}")]


def test_a_broken_database_is_told_of_once(databases):
    databases(broken=Reader({"192.0.2.1": RuntimeError(), "192.0.2.2": ValueError()}))
    geo = Geo.open(["broken"])
    assert [geo.place(f"192.0.2.{n}") for n in (1, 1, 2)] == [None] * 3
    assert [gap.why for gap in geo.gaps] == [
        "a database cannot be read: RuntimeError",
        "a database cannot be read: ValueError",
    ]
