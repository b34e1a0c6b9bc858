"""An owner approves from pages exactly what is shown there, and takes it back; what is theirs is on the board."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest

from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.requests import NewRequest
from andon.service.service import Service
from andon.workspace.caller import Caller
from kit.clones import FILES, Clone
from kit.serving import Client, Serving, serving

NAME, FILE = "marts.totals", "datasets/marts/totals.sql"
YES = RunOptions(agreed=ANY_PLAN)


def totals(value: str) -> str:
    head = "/*---\nowner: ana\nreview: owner\n---*/\n"
    return f"{head}select customer, {value} as amount from shop.orders group by customer\n"


@contextmanager
def served(place: Path) -> Iterator[tuple[Clone, Serving, Service]]:
    clone = Clone(place / "acme")
    clone.fill({**FILES, FILE: totals("sum(amount)")})
    assert clone.run().published
    with serving(clone.root, environ={"ANDON_AUTHOR": "ana"}) as server:
        yield clone, server, server.service.by(Caller("ben", "python"))


def fields(page: str, place: str) -> list[tuple[str, str]]:
    """The fields of the form that is sent there."""
    (form,) = re.findall(rf'<form method="post" action="{place}">(.*?)</form>', page, re.DOTALL)
    return [
        (name, unescape(value))
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    ]


def shown(client: Client, path: str) -> str:
    reply = client.visit(path)
    assert reply.status == 200, reply.data[:300]
    return reply.data.decode()


@pytest.mark.parametrize("way", ["branch", "run"])
def test_exactly_what_is_shown_is_approved_and_taken_back(tmp_path: Path, way: str) -> None:
    with served(tmp_path) as (clone, server, ben):
        client = server.client()

        def proposed(value: str) -> str:
            clone.write(FILE, totals(value))
            if way == "run":
                return f"/runs/{ben.runs.run(YES).run}"
            assert ben.runs.run(RunOptions(branch="idea", agreed=ANY_PLAN)).published
            return "/changes/idea"

        def send(verb: str, form: list[tuple[str, str]]) -> int:
            return client.send(f"/do/{verb}", form).status

        page = proposed("sum(amount) + 1")
        plan = "/changes/@folder" if way == "run" else page
        assert "Needs approval" not in shown(client, f"{plan}?whole=true"), "an owner needs nobody"
        stale = fields(shown(client, page), "/do/approvals")
        changes = [value for name, value in stale if name == "changes"]
        if way == "branch":
            proposed("sum(amount) + 2")
            assert send("approvals", stale) in (303, 409)
            assert all(each["approval"] is None for each in _standing(client, "idea")), "it is another change by now"
        ref = "idea" if way == "branch" else f"run:{page.rpartition('/')[2]}"
        form = fields(shown(client, page), "/do/approvals")
        assert ([value for name, value in form if name == "changes"] != changes) is (way == "branch")
        assert send("approvals", form) == 303
        (standing,) = _standing(client, ref)
        assert standing["approval"]["who"] == "ana"
        back = fields(shown(client, page), "/do/approvals/withdrawals")
        assert send("approvals/withdrawals", back) == 303
        assert _standing(client, ref)[0]["approval"] is None
        again = fields(shown(client, page), "/do/approvals")
        assert send("approvals", again) == 303
        done = ben.runs.run(YES) if way == "run" else ben.branches.publish("idea", options=YES)
        assert done.published, done.held


def _standing(client: Client, ref: str) -> list[dict[str, object]]:
    return client.get(f"/approvals?ref={ref}").document["changes"]


def test_what_is_for_you_stands_on_the_board_until_you_know(tmp_path: Path) -> None:
    with served(tmp_path) as (clone, server, ben):
        client = server.client()
        assert "For you" not in shown(client, "/")
        ben.requests.ask(NewRequest("orders <by> hour", asked_of="ana"))
        clone.write(FILE, totals("sum(amount) + 1"))
        held = ben.runs.run(YES)
        page = shown(client, "/")
        assert "For you" in page
        assert "ben asks you: orders &lt;by&gt; hour" in page
        assert f'href="/runs/{held.run}">Approve</a>' in page
        assert client.send("/do/letters/seen", fields(page, "/do/letters/seen")).status == 303
        assert "For you" not in shown(client, "/")
        assert {each["seen"] is not None for each in client.get("/letters?all=true").document} == {True}


def test_an_incident_and_its_request_lead_to_each_other(tmp_path: Path) -> None:
    with served(tmp_path) as (clone, server, ben):
        client = server.client()
        clone.write(
            "sources/shop/orders.sql",
            "/*---\nowner: ana\nchecks: amount 0..100\n---*/\n" + FILES["sources/shop/orders.sql"],
        )
        clone.run()
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,999\n")
        ben.runs.refresh(YES)
        (incident,) = ben.incidents.standing("main")
        assert f'href="/requests?incident={incident.number}#ask"' in shown(client, f"/incidents/{incident.number}")
        made = ben.actions.fix(incident.number, "request", {"ask": "is 999 right?"})
        number = made.params["result"]["request"]
        assert f'href="/requests?all=true#request-{number}"' in shown(client, f"/incidents/{incident.number}")
        assert f'href="/incidents/{incident.number}"' in shown(client, "/requests")
