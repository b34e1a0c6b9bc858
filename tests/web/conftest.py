"""Fixtures of the server's tests: a project with a history, served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kit.clones import FILES, Clone, checked_totals
from kit.serving import Client, Serving, serving


@pytest.fixture(scope="session")
def served_clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A project that was published twice; its server only looks, or works on branches of its own."""
    clone = Clone(tmp_path_factory.mktemp("served") / "acme")
    clone.fill(FILES)
    clone.run()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    clone.refresh()
    return clone


@pytest.fixture(scope="session")
def looking(served_clone: Clone) -> Iterator[Serving]:
    """A server over it, for tests that change nothing that others see."""
    with serving(served_clone.root) as found:
        yield found


@pytest.fixture
def look(looking: Serving) -> Client:
    return looking.client()


@pytest.fixture
def own(tmp_path) -> Iterator[tuple[Clone, Serving]]:
    """A project of the test's own, published once, and its server."""
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.run()
    with serving(clone.root) as found:
        yield clone, found


WHO = """import andon

andon.keep("rows", andon.open().sql("select *, '<b-canary>' as b from marts.totals"))
open("some.bin", "w").write("x")
print("<b-canary>", andon.parameter("more", "<i>"))
for name in ("<b>.txt", "<b>.csv", "<b>.html", "<b>.parquet"):
    open(name, "w").write("<b-canary>,x\\n1,2\\n")
"""


@pytest.fixture(scope="session")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A project with a run that is held, one that failed in part, personal columns, and people who may more or less."""
    clone = Clone(tmp_path_factory.mktemp("troubled") / "acme")
    personal = "columns:\n  customer: {pii: true}\n"
    clone.fill(FILES)
    clone.write("andon.toml", '[people.ana]\nrole = "owner"\n[people.rea]\nrole = "reader"\n')
    clone.write("datasets/marts/totals.sql", checked_totals('amount <= 20 "nobody spends so much"', personal))
    clone.write("sources/shop/orders.sql", f"/*---\n{personal}---*/\n{FILES['sources/shop/orders.sql']}")
    asked = "select customer, sum(amount) as s from shop.orders group by 1"
    clone.write("insights/who.md", f'---\nquestion: "Who <b>?"\nquery: {asked}\n---\n')
    clone.write("insights/plain.md", "---\nquestion: Why?\nuses: [marts.count]\n---\n")
    clone.fill({"analyses/who.py": WHO, "analyses/plain.py": "print(1 / 0)\n"})
    clone.run()
    with clone.opened() as service:
        service.analyses.run("who")
        service.analyses.run("plain")
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,70\n")
    clone.refresh()
    clone.write("datasets/marts/count.sql", "select 1 / 0 as n, cast('x<i>' as integer) as m from shop.orders\n")
    clone.run(branch="try", publish="healthy")
    with serving(clone.root) as found:
        yield found
