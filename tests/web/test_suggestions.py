"""Suggestions of a served lake, as another process sees them."""

from __future__ import annotations

from pathlib import Path

import andon
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone
from kit.serving import serving


def test_a_question_of_two_people_is_suggested_accepted_and_published(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.write("andon.toml", '[people]\nana = "editor"\nben = "editor"\n')
    clone.run()
    with serving(clone.root) as server:
        ana, ben = (
            andon.connect(server.address, token=server.service.tokens.create(name).token) for name in ("ana", "ben")
        )
        for lake, least in ((ana, 5), (ben, 10), (ben, 20)):
            assert ana.suggestions.list().suggestions == []
            sql = f"select customer, count(*) as orders from shop.orders where amount >= {least} group by customer"
            assert lake.sql(sql).fetchall()
        (one,) = ana.suggestions.list().suggestions
        assert (one.times, one.people) == (3, ("ben", "ana"))
        shown = ana.suggestions.show(one.number, "big_orders")
        assert [file.file for file in shown.files] == ["queries/big_orders.sql"]
        assert "amount >= $amount" in shown.files[0].text
        done = ben.suggestions.accept(one.number, "big_orders", "asked")
        assert (done.state, done.branch) == ("accepted", "asked")
        assert ben.publish("asked").published
        assert ben.suggestions.list().suggestions == []
        assert [each.state for each in ben.suggestions.list(decided=True).suggestions] == ["accepted"]
        ana.close()
        ben.close()


def test_of_many_who_asked_a_few_are_named_in_the_list(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.run()
    with serving(clone.root) as server:
        for number in range(9):
            asking = server.service.by(Caller(f"person_{number}", "http")).querying
            asking.ask(f"select customer from shop.orders where amount >= {number} group by customer").fetch()
        (one,) = server.service.suggestions.list().suggestions
        many = len(one.people)
        assert many > 4
        page = server.client().visit("/suggestions").data.decode()
    assert f"asked {one.times} times by person_" in page
    assert f"and {many - 4} more</td>" in page
