"""Insights by a form of a page, and by a lake that a server has."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from urllib.parse import unquote

import andon
from kit.clones import Clone
from kit.serving import Serving


def test_a_form_keeps_an_answer_and_loses_nothing_that_was_typed(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    client = server.client()
    assert b'href="/save-insight?q=from+marts.totals"' in client.visit("/sql?q=from%20marts.totals").data
    form = {
        "_then": "/insights/{name}?at={branch}",
        "_form": "/save-insight",
        "question": "Who buys <most>?",
        "kind": "decision",
    }
    bad = client.send("/do/insights", {**form, "_id": "a1", "name": "best", "query": "from marts.nothing"})
    assert bad.status == 303
    shown = client.visit(bad.headers["Location"]).data.decode()
    assert "marts.nothing" in shown
    assert 'value="Who buys &lt;most&gt;?"' in shown
    fields = {**form, "_id": "a2", "name": "best", "query": "from marts.totals", "amount": "50", "currency": "USD"}
    done = client.send("/do/insights", {**fields, "branch": "try"})
    assert unquote(done.headers["Location"]).startswith("/insights/best?at=try")
    assert "Who buys &lt;most&gt;?" in client.visit(done.headers["Location"]).data.decode()
    assert client.get("/insights").document == []
    assert client.send("/do/insights", {**fields, "_id": "a3"}).status == 303
    assert "50 USD" in client.visit("/insights").data.decode()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,ada,7\n")
    clone.refresh()
    page = client.visit("/insights/best?look=true").data.decode()
    assert "ada: amount 15 → 22" in page
    assert client.send("/do/insights/pins", {"_id": "a4", "_then": "/insights/best", "names": "best"}).status == 303
    noted = {"_id": "a5", "_then": "/insights/best", "what": "we wrote to ada", "amount": "12", "currency": "USD"}
    assert client.send("/do/insights/best/outcomes", noted).status == 303
    page = client.visit("/insights/best?look=true").data.decode()
    assert "we wrote to ada" in page
    assert "still true" in page


def test_a_lake_that_a_server_has_does_the_same(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    with andon.connect(server.address) as lake:
        made = lake.insights.add(
            "total", "How much?", query="select sum(amount) as total from shop.orders", owner="ana"
        )
        assert (made.published, made.kept, made.rows, made.answer and made.answer.rows) == (True, True, 1, [[35]])
        assert [each.state for each in lake.insights.check()] == ["true"]
        assert lake.insights.outcome("total", "so it was", on="2026-05-01").published
        assert lake.insights.pin("total").names == ["total"]
        page = lake.insights.show("total")
        assert (page.owner, [each.what for each in page.outcomes], page.state) == ("ana", ["so it was"], "true")
        assert [each.name for each in lake.insights] == ["total"]
    with andon.open(clone.root) as lake:
        assert lake.insights.show("total").outcomes == page.outcomes
        assert [each.state for each in lake.insights.check("total")] == ["true"]


def test_numbers_and_days_may_be_said_as_python_has_them(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    with andon.connect(server.address) as far, andon.open(clone.root) as near:
        for lake, name in ((far, "far"), (near, "near")):
            lake.insights.add(
                name,
                "Which?",
                uses="marts.totals, marts.best",
                amount=5000,
                currency="USD",
                review_by=date(2030, 1, 31),
            )
            lake.insights.outcome(name, "so it was", on=date(2026, 5, 1), amount=Decimal("12.50"), currency="USD")
        far.insights.outcome("near", "and again", amount=0.1, currency="USD")
        pages = [near.insights.show(name) for name in ("far", "near")]
    assert {(page.value.amount, page.review_by, *page.uses) for page in pages} == {
        ("5000", "2030-01-31", "marts.totals", "marts.best")
    }
    assert [x.value.amount for page in pages for x in page.outcomes] == ["12.50", "12.50", "0.1"]
    assert pages[0].outcomes[0].on == "2026-05-01"
