"""Two accounts of one group on one lake (`lake.group`), and accounts that share nothing: nobody's files lock anybody out."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.accounts import as_account, open_place
from kit.clones import FILES, Clone

ANA, BEN, CLEO = 61001, 61002, 61003
TEAM = 61100

WORK = """
from pathlib import Path
from kit.clones import Clone
clone = Clone(Path({root!r}), {who!r}, environ={environ!r})
{what}
"""


class Team:
    """A place with a lake and a folder for each."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.environ = {
            "ANDON_STORAGE": str(place / "shared/lake"),
            "ANDON_CATALOG": str(place / "shared/catalog.db"),
            "ANDON_LAKE_GROUP": str(TEAM),
        }
        (place / "shared").mkdir()
        os.chown(place / "shared", ANA, TEAM)
        (place / "shared").chmod(0o2770)

    def folder(self, who: str, user: int) -> None:
        clone = Clone(self.place / who)
        clone.fill(FILES)
        for path in (clone.root, *clone.root.rglob("*")):
            os.chown(path, user, user)

    def does(self, who: str, user: int, what: str, *, umask: int = 0o022, groups: tuple[int, ...] = (TEAM,)) -> object:
        code = WORK.format(root=str(self.place / who), who=who, environ=self.environ, what=what)
        return as_account(user, code, groups=groups, umask=umask)


@pytest.fixture
def team() -> Iterator[Team]:
    if os.geteuid() != 0:
        pytest.skip("only root can be another account")
    with open_place() as place:
        made = Team(place)
        made.folder("ana", ANA)
        made.folder("ben", BEN)
        yield made


def test_members_publish_and_read_in_turn_whatever_their_umask(team):
    """Also of a file that only one of them may read: to publish it in a group's lake is to share it with the group."""
    (team.place / "ana/raw/orders_05.csv").chmod(0o600)
    assert team.does("ana", ANA, "result = str(clone.run().published)", umask=0o077) == "True"
    ask = "result = clone.ask('select sum(amount) from marts.totals')"
    assert team.does("ben", BEN, ask) == [[35]]
    change = "clone.write('datasets/marts/count.sql', 'select {} as n\\n'); result = str(clone.run().published)"
    pull = "clone.pull(); "
    assert team.does("ben", BEN, pull + change.format(7), umask=0o022) == "True"
    assert team.does("ana", ANA, pull + change.format(8)) == "True"
    assert team.does("ben", BEN, "result = clone.ask('select n from marts.count')", umask=0o077) == [[8]]
    twice = "clone.write('sources/shop/orders.sql', \"select id, customer, amount * 2 as amount from read_csv('raw/orders_*.csv')\\n\")\n"
    assert team.does("ben", BEN, pull + twice + "clone.run(); " + ask) == [[70]]
    for path in (team.place / "shared").rglob("*"):
        found = path.stat()
        assert found.st_gid == TEAM, path
        wanted = 0o2770 if path.is_dir() else 0o660
        assert oct(stat.S_IMODE(found.st_mode)) == oct(wanted), path
    refused = team.does("ben", CLEO, ask, groups=())
    assert refused["code"].startswith("machine.")


def test_one_who_reads_stops_nobody(team):
    """Somebody who may read a lake and not write it, with the right to make files beside it."""
    del team.environ["ANDON_LAKE_GROUP"]
    (team.place / "shared").chmod(0o777)
    assert team.does("ana", ANA, "result = str(clone.run().published)", groups=()) == "True"
    assert team.does("ben", BEN, "result = clone.ask('select n from marts.count')", groups=()) == [[3]]
    assert [p.name for p in (team.place / "shared").glob("catalog*")] == ["catalog.db"]
    again = "clone.write('datasets/marts/count.sql', 'select 9 as n\\n'); result = str(clone.run().published)"
    assert team.does("ana", ANA, again, groups=()) == "True"


def test_what_root_makes_is_the_owners(team):
    del team.environ["ANDON_LAKE_GROUP"]
    clone = Clone(team.place / "ana", environ=team.environ)
    clone.run()
    os.chown(team.place / "shared/catalog.db", ANA, ANA)
    assert {p.stat().st_uid for p in (team.place / "shared").rglob("*")} == {ANA}


def test_a_lake_that_was_one_persons_is_shared(team):
    group = team.environ.pop("ANDON_LAKE_GROUP")
    (team.place / "shared").chmod(0o750)
    assert team.does("ana", ANA, "result = str(clone.run().published)") == "True"
    team.environ["ANDON_LAKE_GROUP"] = group
    refused = team.does("ana", ANA, "clone.ask('select 1')")
    assert "chgrp" in refused["hint"]
    (team.place / "shared").chmod(0o2770)
    shutil.chown(team.place / "shared/catalog.db", ANA, TEAM)
    (team.place / "shared/catalog.db").chmod(0o660)
    assert team.does("ana", ANA, "result = clone.ask('select n from marts.count')") == [[3]]
    change = (
        "clone.pull(); clone.write('datasets/marts/count.sql', 'select 7 as n\\n'); result = str(clone.run().published)"
    )
    assert team.does("ben", BEN, change) == "True"


def test_a_group_that_there_is_not_is_told(project):
    from andon.errors import UsageError

    project.environ["ANDON_LAKE_GROUP"] = "no-such-group-here"
    with pytest.raises(UsageError) as caught:
        project.run()
    assert "no-such-group-here" in caught.value.message


def test_files_are_like_their_folder_whatever_the_umask(project):
    before = os.umask(0o022)
    try:
        project.run()
        os.umask(0o077)
        project.write("datasets/marts/count.sql", "select 12 as n\n")
        project.run()
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (project.root / ".andon/lake").rglob("*.parquet")}
    assert modes == {0o644}
