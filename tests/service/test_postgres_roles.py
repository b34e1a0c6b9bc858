"""Roles of a catalog in Postgres, as `andon catalog grants` gives them: readers read all that can be read, and each write is refused with
that reason; writers work in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from andon.base.postgres import PostgresDatabase
from andon.errors import MachineError
from andon.lake.lease_rows import LeaseRows
from andon.lake.shared_leases import SharedLeases
from andon.service.requests import NewRequest
from andon.service.service import Service
from kit.clones import FILES, Clone
from kit.servers import PASSWORD, PostgresServer
from kit.serving import serving

PAGES = (
    "/",
    "/?at=main~1",
    "/catalog",
    "/catalog?words=amount",
    "/sql?q=from%20marts.totals",
    "/runs",
    "/runs/1",
    "/sources",
    "/map",
    "/changes",
    "/d/marts.totals",
    *(f"/d/marts.totals/{tab}" for tab in ("sample", "lineage", "checks", "code", "versions", "used-by", "questions")),
    "/incidents",
    "/principles",
    "/simplify",
    "/suggestions",
    "/requests",
    "/value",
    "/proofs",
    "/glossary",
)
WRITES: dict[str, Callable[[Service], object]] = {
    "undo": lambda service: service.undoing.undo(),
    "branch": lambda service: service.branches.create("mine"),
    "tag": lambda service: service.branches.tag("mine"),
    "request": lambda service: service.requests.ask(NewRequest("orders by weekday")),
    "question": lambda service: service.dataset_questions.ask("marts.totals", "Of which year?"),
    "hold": lambda service: service.cords.hold("marts.totals", "wait"),
}


class Roles:
    """A lake in Postgres with a role for readers and one for writers."""

    def __init__(self, server: PostgresServer, root: Path) -> None:
        schema = f"roles_{uuid4().hex[:12]}"
        self.server, self.address = server, server.catalog(schema)
        self.owner = Clone(root, environ={"LAKE": self.address})
        self.owner.fill({**FILES, "andon.toml": 'catalog = "${env:LAKE}"\n'})
        self.owner.run()
        self.owner.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
        self.owner.run()
        for role in ("reader", "writer"):
            server.run(f"create role {role}_{schema} login password '{PASSWORD}'")
        with self.owner.opened() as service:
            for statement in service.catalogs.grants(f"reader_{schema}", f"writer_{schema}").statements:
                server.run(statement)
        self.reader, self.writer = self._as(f"reader_{schema}"), self._as(f"writer_{schema}")

    def _as(self, role: str) -> Clone:
        return Clone(self.owner.root, environ={"LAKE": self.address.replace("//andon:", f"//{role}:")})

    def rows(self) -> dict[str, int]:
        database = PostgresDatabase(self.address)
        try:
            return {
                name: database.query(f'select count(*) from "{name}"')[0][0]
                for name in database.tables()
                if name != "lease"
            }
        finally:
            database.close()


@pytest.fixture(scope="module")
def roles(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    return Roles(postgres, tmp_path_factory.mktemp("roles") / "acme")


def test_who_may_only_read_asks_and_looks_at_all_pages(roles: Roles) -> None:
    before = roles.rows()
    reader = roles.reader
    assert reader.ask("from marts.count") == [(4,)]
    assert reader.ask("from marts.count", "main~1") == [(3,)]
    with reader.opened() as service:
        assert service.workspace.lake.database.is_read_only
        assert service.history.log()
        assert service.standing.status()
        assert service.datasets.show("marts.totals")
    with serving(reader.root, environ=reader.environ) as server:
        client = server.client()
        answers = {page: client.visit(page) for page in PAGES}
        assert {page: (a.status, a.data[:300]) for page, a in answers.items() if a.status != 200} == {}
    assert roles.rows() == before


@pytest.mark.parametrize("write", WRITES)
def test_whoever_may_only_read_is_refused_with_that_reason(roles: Roles, write: str) -> None:
    before = roles.rows()
    with roles.reader.opened() as service, pytest.raises(MachineError) as raised:
        WRITES[write](service)
    assert raised.value.code == "machine.read_only"
    assert "andon catalog grants --writers" in str(raised.value.hint)
    assert PASSWORD not in str(raised.value)
    assert roles.rows() == before


def test_whoever_may_only_read_says_so_to_who_collects(roles: Roles) -> None:
    reader, owner = (PostgresDatabase(clone.environ["LAKE"]) for clone in (roles.reader, roles.owner))
    leases = SharedLeases(reader, LeaseRows(reader), lambda _: None)
    with leases.reading() as hold:
        assert hold.holds()
        assert len(LeaseRows(owner).standing()) == 1
    leases.close()
    assert LeaseRows(owner).standing() == []
    for database in (reader, owner):
        database.close()


def test_whoever_may_write_works_in_it(roles: Roles) -> None:
    writer = roles.writer
    writer.write("datasets/marts/count.sql", "select count(*) + 7 as n from shop.orders\n")
    writer.run()
    assert roles.owner.ask("from marts.count") == [(10,)]
    writer.undo()
    assert roles.owner.ask("from marts.count") == [(4,)]
    with writer.opened() as service:
        service.branches.create("mine")
        service.branches.drop("mine")
        assert service.collecting.collect(apply=True).applied
    writer.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
