"""Whatever a page is asked for, it answers with a page: never a defect, never what was sent as anything but text, always whole HTML."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path
from typing import get_args, get_type_hints
from urllib.parse import quote, urlencode

import pytest

import andon.web
from andon.web.pages import all_pages
from andon.web.pages.page import PageRoute
from kit.html import wrong_with
from kit.serving import Client, Serving

CANARY = "<b-canary>x\"'&amp;{{7*7}}"
#: What has a meaning somewhere, what nearly has one, and what has none.
WORDS = (
    CANARY,
    "",
    "main",
    "main~1",
    "try",
    "run:2",
    "run:99999999999999999999",
    "main@2026-11-01",
    "nothing-is-called-so",
    "shop.orders",
    "marts.totals",
    "datasets/marts/totals.sql",
    "../../etc/passwd",
    "//evil.example/x",
    "javascript:alert(1)",
    "select 1 as n",
    "select * from marts.totals",
    "drop table x",
    "amount",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "2",
    "1e9",
    "held",
    "change",
    "\x00\x1b[2J\u202e",
    "ä" * 300,
    "%",
    "'; --",
    "a b+c&d=e#f",
)
#: Parts of addresses that have names, as they mostly are.
PARTS = {
    "dataset": ("shop.orders", "marts.totals", "shop.orders", "marts.totals", "marts.count", CANARY, "x"),
    "tab": ("lineage", "checks", "quarantine", "code", "versions", "sample", "used-by", CANARY),
    "branch": ("try", "try", "@folder", "main", CANARY, "no/such"),
    "target": ("marts.totals", "datasets/marts/totals.sql", "no.such", CANARY),
    "run": ("1", "2", "3", "4", "run:2", CANARY, "0", "9" * 30),
    "call": ("none", CANARY),
    "incident": ("1", "2", CANARY, "0", "9" * 30),
    "name": ("who", "who", "plain", CANARY, "no/such"),
    "file": ("some.bin", "some.bin", CANARY, "none.txt", "../../andon.toml"),
    "number": ("1", "2", CANARY, "0", "9" * 30),
}
PAGES = {page.path: page for page in all_pages()}
#: What parts of pages are put into, as the templates say, and what nothing is.
TEMPLATES = sorted(Path(andon.web.__file__).parent.glob("templates/**/*.html"))
PARTS_OF_PAGES = sorted({name for file in TEMPLATES for name in re.findall(r'hx-target="#([\w-]+)"', file.read_text())})
TARGETS = ("", "div#main", f"div#{CANARY}", *(f"div#{name}" for name in PARTS_OF_PAGES))
VISITS = 14  # with other chances, and more of them: ANDON_SEED, ANDON_VISITS
#: Pages that there is none of here.
NEVER = {"/calls/{call}", "/suggestions/{number}", "/simplify/{number}"}


def _address(page: PageRoute, chance: random.Random) -> str:
    def part(match: re.Match[str]) -> str:
        name = match[1].partition(":")[0]
        safe = "/" if ":path" in match[1] else ""
        return quote(chance.choice(PARTS[name]), safe=safe)

    path = re.sub(r"{([^}]*)}", part, page.path)
    fields = page.query.__struct_fields__
    likely = min(
        0.45, 1.5 / max(1, len(fields))
    )  # of a page that takes much, little is said at once, or all is refused
    said = [(name, _value(page, name, chance)) for name in fields if chance.random() < likely]
    if chance.random() < 0.15:
        said.append((chance.choice(WORDS) or "x", chance.choice(WORDS)))
    if said and chance.random() < 0.1:
        said.append(said[0])
    if chance.random() < 0.2:
        said.append(("done", chance.choice(WORDS)))
    return f"{path}?{urlencode(said)}"


def _value(page: PageRoute, name: str, chance: random.Random) -> str:
    """Mostly one that is allowed, so that more than the first check of it is met."""
    kind = get_type_hints(page.query)[name]
    if kind is bool and chance.random() < 0.8:
        return chance.choice(("true", "false"))
    allowed = [each for part in (kind, *get_args(kind)) for each in get_args(part) if isinstance(each, str)]
    return chance.choice(allowed) if allowed and chance.random() < 0.7 else chance.choice(WORDS)


def _check(client: Client, address: str, headers: dict[str, str]) -> int:
    found = client.visit(address, **headers)
    assert found.status < 500, f"{address} {headers}: {found.status}"
    if found.status in (204, 303):
        place = found.headers.get("Location", "/")
        assert place.startswith("/"), place
        assert not place.startswith("//"), place
        return found.status
    text = found.data.decode()
    if found.headers.get("Content-Disposition", "").startswith("attachment"):
        assert "<b-canary" not in text
        return found.status
    is_part = "HX-Request" in headers and not text.startswith("<!doctype")
    assert found.headers["Content-Type"] == "text/html; charset=utf-8"
    assert (address, wrong_with(text, whole=not is_part)) == (address, [])
    assert "<b-canary" not in text
    assert "x49" not in text.replace("&#34;", "").replace("&#39;", "").replace("&amp;", "")
    return found.status


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_page_answers_whatever_it_is_asked(troubled: Serving, path: str) -> None:
    chance = random.Random(path + os.environ.get("ANDON_SEED", ""))
    plain = re.sub(r"{([^}]*)}", lambda match: PARTS[match[1].partition(":")[0]][0], path)
    clients = [troubled.client(troubled.service.tokens.create(name).token) for name in ("ana", "rea")]
    if path not in NEVER:  # or nothing was tried
        assert [_check(client, plain, {}) for client in clients] == [200, 200]
    for _ in range(int(os.environ.get("ANDON_VISITS", VISITS))):
        headers = {}
        if chance.random() < 0.35:
            headers = {"HX-Request": "true", "HX-Target": chance.choice(TARGETS).encode("ascii", "replace").decode()}
        _check(chance.choice(clients), _address(PAGES[path], chance), headers)


def test_a_page_is_only_looked_at(troubled: Serving) -> None:
    client = troubled.client(troubled.service.tokens.create("ana").token)
    for path in PAGES:
        place = re.sub(r"{([^}]*)}", lambda match: PARTS[match[1].partition(":")[0]][0], path)
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"):
            found = client._pool.request(method, client.address + place, headers=client._shown(), redirect=False)
            assert 400 <= found.status < 500, (method, place, found.status)


def test_what_is_wrong_with_html_is_seen() -> None:
    whole = "<!doctype html><html><body>{}</body></html>"
    assert wrong_with(whole.format('<p id="a">x</p><label for="a">y</label><svg><use href="#a"/></svg>')) == []
    for bad in (
        "<p><div></div></p>",
        "<div>",
        "</div>",
        '<i id="a"></i><i id="a"></i>',
        '<i title="x" title="y"></i>',
        '<i title="x""y"></i>',
        '<a href="/"><button></button></a>',
        '<i style="color:red"></i>',
        '<a href="javascript:x">y</a>',
        '<label for="none">x</label>',
        "<div><li>x</li></div>",
        "<form><form></form></form>",
        "<div/>",
    ):
        assert wrong_with(whole.format(bad)) != [], bad
    assert wrong_with("<p>x</p>") == ["no doctype"]
    assert wrong_with("<p>x</p>", whole=False) == []
