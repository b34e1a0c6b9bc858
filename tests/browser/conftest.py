"""One browser for all tests of a session, and a new window for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from andon.runs.goal import RunOptions
from andon.service.analysis_documents import AnalysisOptions
from andon.service.insight_changes import NewInsight
from kit.browsing import Watched, chromium
from kit.clones import FILES, Clone
from kit.serving import Serving, serving

BUSY = """import andon

lake = andon.open()
rows = lake.sql("from marts.totals where amount > $least order by 1", {"least": andon.parameter("least", 1)})
print(rows)
andon.keep("totals", rows)
andon.keep("customers", len(rows.fetchall()))
open("note.html", "w").write("<h1>Who buys most?</h1>")
open("bar.svg", "w").write("<svg xmlns='http://www.w3.org/2000/svg' width='80' height='20'><rect width='40' height='20'/></svg>")
open("note.txt", "w").write("so")
"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A project that was published twice and has a branch, served; tests only look at it, or work on branches of their own."""
    clone = Clone(tmp_path_factory.mktemp("shop") / "acme")
    clone.fill(FILES)
    clone.run()
    with clone.opened() as service:
        asked = "select customer, amount from marts.totals"
        wanted = NewInsight("busy", "Who buys most?", query=asked, amount="50", currency="USD", answer="Ben")
        service.insight_changes.add(wanted, RunOptions())
        clone.write("analyses/busy.py", BUSY)
        service.analyses.run("busy")
        service.analyses.run("busy", options=AnalysisOptions({"least": 6}))
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    clone.refresh()
    clone.switch("try/half", create=True)
    clone.write("datasets/marts/count.sql", "select count(*) / 2 as n from shop.orders\n")
    clone.run()
    clone.switch("main")
    with serving(clone.root) as found:
        yield found


@pytest.fixture
def window(browser: Any, shop: Serving) -> Iterator[Watched]:
    """A window on the shop. At its end nothing went wrong in it that the test did not take out of `wrong`."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    watched = Watched(context.new_page(), shop.address)
    yield watched
    context.close()
    assert watched.wrong == []
