"""Every kind of database that a connection may name can be read."""

from __future__ import annotations

from andon.settings.connections import KINDS
from andon.sources.databases.kinds import DATABASES


def test_what_may_be_named_is_what_is_read():
    assert {name for name, kind in KINDS.items() if not kind.holds_files} == DATABASES.keys()
