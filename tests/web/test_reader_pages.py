"""Pages say whom a change breaks, and which columns nobody reads; of what people asked they show no text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from andon.workspace.caller import Caller
from kit.clones import FILES, Clone
from kit.serving import Serving, serving

TOTALS = FILES["datasets/marts/totals.sql"]
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A project that people and a tool asked, with a branch that gives a column another name, seen forty days later."""
    clone = Clone(tmp_path_factory.mktemp("asked") / "acme")
    clone.fill(FILES)
    clone.run()
    clone.write("datasets/marts/totals.sql", TOTALS.replace("as amount", "as total"))
    clone.write("datasets/marts/best.sql", FILES["datasets/marts/best.sql"].replace("amount", "total"))
    clone.run(branch="try")
    moment = [NOW]
    with serving(clone.root) as found, pytest.MonkeyPatch.context() as patch:
        patch.setattr(found.service.workspace._adapters, "clock", lambda: moment[0])

        def ask(who: str, sql: str, days: float) -> None:
            moment[0] = NOW + timedelta(days=days)
            found.service.by(Caller(who, "http")).querying.ask(sql).fetch()

        ask("ben", "select n from marts.count", 1)
        ask("ben <b>", "select amount from marts.totals where customer <> 'Zoe Secret'", 39)
        for people in range(5):
            ask(f"p{people}", "select max(amount) as m from marts.totals", 38)
        for hour in range(5):
            ask("metabase", "select sum(amount) as s from marts.totals", 39 + hour / 24)
        moment[0] = NOW + timedelta(days=40)
        yield found


def page(served: Serving, path: str) -> str:
    found = served.client().visit(path)
    assert found.status == 200, found.data[:400]
    return unescape(found.data.decode())


def test_a_change_lists_whom_it_breaks(asked: Serving) -> None:
    text = page(asked, "/changes/try?whole=true")
    step = text[text.index('class="breaks"') :]
    step = step[: step.index("</ul>")]
    assert step.index("ben <b>'s query of") < step.index("p4's query of") < step.index("tool metabase")
    assert "All 7" in step
    assert step.count("p4's query of") == 1
    assert "Zoe" not in text


def test_columns_that_nobody_reads_are_marked(asked: Serving) -> None:
    columns = page(asked, "/d/shop.orders?made=true")
    assert columns.count("never read since it exists") == 1  # customer and amount feed other datasets
    assert "not read since" in page(asked, "/d/marts.count?made=true")
    assert "not read since" not in page(asked, "/d/marts.totals?made=true")


def test_used_by_tells_people_and_tools_apart(asked: Serving) -> None:
    text = page(asked, "/d/marts.totals/used-by?made=true")
    people, tools = text.index(">People<"), text.index(">By the clock<")
    assert people < text.index(">p3<") < tools < text.index(">metabase<")
    assert "Columns that nobody reads" in page(asked, "/d/shop.orders/used-by?made=true")
