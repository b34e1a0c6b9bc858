"""`andon source add` of a table: the checks that it writes hold in the rows that it looked at, and no load is held by a guess."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.model.check import CheckStatus
from andon.service import source_add
from andon.service.source_add import add_source
from kit.clones import Clone
from kit.empty_engine import database
from kit.servers import PASSWORD

COLUMNS = "id integer primary key, email varchar(40), state varchar(40), amount integer"


def told(clone: Clone, table: str = "orders"):
    """What was written for a table, and how its checks come out after a load."""
    with clone.opened() as service:
        done = add_source(service.workspace, f"shop.{table}")
    result = clone.run()
    assert result.published, result
    with clone.opened() as service:
        found = {one.text: one.status for one in service.checks.run((f"shop.{table}",)).results}
    return done, clone.read("sources/shop/orders.sql"), found


def project(root, kind: str, servers: pytest.FixtureRequest):
    """An empty project beside a database, and what runs statements there."""
    clone = Clone(root / "acme", environ={"SHOP_PASSWORD": PASSWORD})
    if kind in ("sqlite", "duckdb"):
        path = root / f"shop.{kind}"
        clone.write("andon.toml", f'[connections.shop]\nkind = "{kind}"\npath = "{path}"\n')

        def run(sql: str) -> None:
            if kind == "sqlite":
                sqlite3.connect(path, isolation_level=None).execute(sql)
                return
            with database(path) as connection:
                connection.execute(sql)

        return clone, run
    server = servers.getfixturevalue(kind)
    clone.write("andon.toml", server.connection())
    server.run("drop table if exists orders")
    return clone, server.run


@pytest.mark.parametrize("kind", ["sqlite", "duckdb", "postgres", "maria"])
def test_checks_come_from_rows_of_every_kind_of_database(kind, tmp_path, monkeypatch, request):
    monkeypatch.setattr(source_add, "SAMPLE", 60)
    clone, run = project(tmp_path, kind, request)
    run(f"create table orders ({COLUMNS})")
    rows = ", ".join(f"({n}, 'a{n}@x.org', '{'old' if n < 10 else 'its'}', {n % 40})" for n in range(1, 91))
    run(f"insert into orders values {rows}")
    done, text, _ = told(clone)
    assert (done.key, done.sample, done.is_whole) == (("id",), 60, False)
    assert "amount 0..100 warn" in done.checks
    assert all(line.endswith(" warn") or line.startswith("watch ") for line in done.checks)
    assert "without `warn` they hold back a load\nchecks: |\n" in text
    assert "x.org" not in text


_VALUES = st.lists(
    st.tuples(
        st.sampled_from(["a@x.org", "nobody", None]),
        st.sampled_from(["new", "paid", "---*/", "it's", "a: b", "#no", "é\n", "", None]),
        st.one_of(st.none(), st.integers(-5, 5000)),
    ),
    max_size=130,
)


@settings(max_examples=6, deadline=None)
@given(rows=_VALUES, sample=st.sampled_from([60, 10_000]))
def test_what_was_seen_whole_holds_at_the_first_load_and_a_guess_holds_none(rows, sample, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_add, "SAMPLE", sample)
        clone, run = project(tmp_path_factory.mktemp("added"), "sqlite", None)
        run(f"create table orders ({COLUMNS})")
        with sqlite3.connect(clone.root.parent / "shop.sqlite") as there:
            there.executemany("insert into orders values (?, ?, ?, ?)", [(n, *row) for n, row in enumerate(rows)])
        done, text, found = told(clone)
        assert (done.sample, done.is_whole) == (min(len(rows), sample), len(rows) <= sample)
        assert set(done.checks) <= found.keys()
        held = {line for line, status in found.items() if status is CheckStatus.FAIL}
        assert not held if done.is_whole else all(line.endswith(" warn") for line in held)
        assert "x.org" not in text
