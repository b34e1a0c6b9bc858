"""What is known of what an answer read is told at every door, in every state; where all is well no door says anything."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner

import andon
from andon.cli.app import cli
from andon.cli.documents import documents
from andon.python.lake import Lake
from andon.python.remote import RemoteLake
from andon.service.dataset_page import PageDocument
from andon.service.documents import AnswerDocument
from andon.web.routes import all_endpoints
from andon.web.streams import MEDIA
from kit.clones import FILES, Clone
from kit.serving import Client, serving

#: Datasets by what is to be known of them; of each pair of a note its dataset and kind.
STATES: dict[str, set[tuple[str, str]]] = {
    "marts.count": set(),
    "marts.late": {("marts.late", "late")},
    "marts.old": {("marts.old", "deprecated")},
    "marts.limited": {("marts.limited", "caveat")},
    "marts.below": {("marts.limited", "caveat")},
    "marts.orphan": {("marts.orphan", "unowned")},
    "marts.totals": {("marts.totals", "held"), ("marts.totals", "caveat")},
}
_COUNT = FILES["datasets/marts/count.sql"]


def _file(front: str, sql: str = _COUNT, owner: str = "owner: ana\n") -> str:
    return f"/*---\n{owner}{front}\n---*/\n{sql}"


_FILES = {
    **FILES,
    "sources/shop/orders.sql": _file("", FILES["sources/shop/orders.sql"]),
    "datasets/marts/best.sql": _file("", FILES["datasets/marts/best.sql"]),
    "datasets/marts/count.sql": _file(""),
    "datasets/marts/late.sql": _file("refresh: {max_age: 1s}"),
    "datasets/marts/old.sql": _file("deprecated: {use: marts.count}"),
    "datasets/marts/limited.sql": _file("caveats: [only of one shop]"),
    "datasets/marts/below.sql": _file("", "select n + 1 as n from marts.limited\n"),
    "datasets/marts/orphan.sql": _file("description: nobody's", owner=""),
    "datasets/marts/totals.sql": _file(
        "caveats: [without returns]\nchecks: amount < 100", FILES["datasets/marts/totals.sql"]
    ),
    "queries/asked.sql": "select n from marts.orphan\n",
}
Notes = set[tuple[str, str]]


class Doors:
    """All ways to the rows of a dataset."""

    def __init__(self, root: Path, look: Client, lake: Any, remote: Any) -> None:
        self.root, self.look, self.lake, self.remote = root, look, lake, remote

    def typed(self, *words: str) -> tuple[str, str]:
        found = CliRunner().invoke(cli, ["-C", str(self.root), *words], catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.stdout, found.stderr


def _told(text: str, dataset: str) -> Notes:
    """Which of the notes of a dataset a text has."""
    caveat = "without returns" if dataset == "marts.totals" else "only of one shop"
    said = {"late": "max_age", "deprecated": "use marts.count", "caveat": caveat, "unowned": "has no owner"}
    said["held"] = "amount < 100"
    lines = [line for line in text.splitlines() if any(word in line for word in said.values())]
    if not STATES[dataset]:
        return {("?", line) for line in lines}
    return {
        (name, kind) for name, kind in STATES[dataset] if any(name in line and said[kind] in line for line in lines)
    }


def _shown(page: str) -> str:
    """The notes beside the rows of a page."""
    _, _, rest = page.partition('<div class="trust">')
    return unescape(rest.partition('<div class="tbl-scroll">')[0]) if rest else ""


def _pairs(notes: Any) -> Notes:
    return {(note["dataset"], note["kind"]) for note in notes or ()}


def _sql(dataset: str) -> str:
    return f"select * from {dataset}"


def _by_http(form: str) -> Callable[[Doors, str], Notes]:
    media = next(media for media, name in MEDIA.items() if name == form)

    def ask(doors: Doors, dataset: str) -> Notes:
        found = doors.look.post("/queries", {"sql": _sql(dataset)}, Accept=media)
        linked = doors.look.get(f"/queries?sql={quote(_sql(dataset))}", Accept=media)
        header = _pairs(json.loads(found.headers.get("Andon-Notes", "[]")))
        assert _pairs(json.loads(linked.headers.get("Andon-Notes", "[]"))) == header
        assert int(found.headers.get("Andon-Notes-Count", "0")) == len(header)
        if form == "json":
            assert _pairs(found.document.get("notes")) == header
        if form == "lines":
            assert _pairs(json.loads(found.data.splitlines()[-1])["notes"]) == header
        return header

    return ask


def _by_file(doors: Doors, dataset: str, form: str) -> Notes:
    target = doors.root / f"answer.{form}"
    document, _ = doors.typed("query", _sql(dataset), "-o", str(target), "--json")
    _, words = doors.typed("query", _sql(dataset), "--format", form)
    assert _told(words, dataset) == _pairs(json.loads(document).get("notes"))
    return _pairs(json.loads(document).get("notes"))


def _by_result(result: Any) -> Notes:
    notes = [note.to_json() for note in result.notes]
    for note in result.notes:
        assert note.words in repr(result)
    assert ("<strong>" in result._repr_html_()) == bool(notes)
    carried = (result.arrow().schema.metadata or {}).get(b"andon.notes", b"[]")
    assert json.loads(carried) == notes
    return _pairs(notes)


DOORS: dict[str, Callable[[Doors, str], Notes]] = {
    "query": lambda doors, name: _told(doors.typed("query", _sql(name))[1], name),
    "query --json": lambda doors, name: _pairs(json.loads(doors.typed("query", _sql(name), "--json")[0]).get("notes")),
    **{f"query {form}": lambda doors, name, form=form: _by_file(doors, name, form) for form in ("csv", "parquet")},
    "show": lambda doors, name: _told(doors.typed("show", name)[0], name),
    "show --json": lambda doors, name: _pairs(json.loads(doors.typed("show", name, "--json")[0]).get("notes")),
    **{f"/queries {form}": _by_http(form) for form in MEDIA.values()},
    "/datasets": lambda doors, name: _pairs(doors.look.get(f"/datasets/{name}").document.get("notes")),
    "sample": lambda doors, name: _told(_shown(doors.look.visit(f"/d/{name}/sample?made=true").data.decode()), name),
    "lake.sql": lambda doors, name: _by_result(doors.lake.sql(_sql(name))),
    "lake.at": lambda doors, name: _by_result(doors.lake.at("main").sql(_sql(name))),
    "remote.sql": lambda doors, name: _by_result(doors.remote.sql(_sql(name))),
}


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    clone = Clone(tmp_path_factory.mktemp("doors") / "acme")
    clone.fill(_FILES)
    clone.run()
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,700\n")
    clone.refresh()
    with serving(clone.root) as served, andon.open(clone.root) as lake, andon.connect(served.address) as remote:
        while not lake.sql(_sql("marts.late")).notes:
            time.sleep(0.05)
        yield Doors(clone.root, served.client(), lake, remote)


@pytest.mark.parametrize("door", DOORS)
def test_each_door_tells_what_is_known_of_what_was_read(doors: Doors, door: str) -> None:
    assert {name: DOORS[door](doors, name) for name in STATES} == STATES


def test_a_saved_query_tells_it_too(doors: Doors) -> None:
    orphan = STATES["marts.orphan"]
    assert _by_result(doors.lake.query("asked")) == _by_result(doors.remote.query("asked")) == orphan
    assert _pairs(doors.look.post("/queries", {"saved": "asked"}).document["notes"]) == orphan
    assert _told(doors.typed("query", "asked")[1], "marts.orphan") == orphan


def test_what_ends_names_what_to_use(doors: Doors) -> None:
    (note,) = doors.remote.sql(_sql("marts.old")).notes
    assert note.use == "marts.count"


def test_no_door_is_forgotten() -> None:
    """Whatever answers with rows of datasets that somebody chose is a door of the table above."""
    routes = {(each.method, each.path) for each in all_endpoints() if AnswerDocument in each.answers}
    assert routes == {("GET", "/queries"), ("POST", "/queries")}
    assert {name for name, kinds in documents().items() if {AnswerDocument, PageDocument} & {*kinds}} == {
        "query",
        "show",
    }
    for kind in (Lake, RemoteLake):
        verbs = {name for name, verb in inspect.getmembers(kind, inspect.isfunction) if _gives_rows(name, verb)}
        assert verbs == {"sql", "query"}, kind


def _gives_rows(name: str, verb: Callable[..., object]) -> bool:
    return not name.startswith("_") and inspect.signature(verb).return_annotation == "Result"
