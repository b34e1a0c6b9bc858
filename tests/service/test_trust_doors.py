"""What is known of what an answer read is told at every door, in every state; where all is well no door says anything."""

from __future__ import annotations

import json
import re
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner

import andon
from andon.cli.app import cli
from andon.model.lamp import Lamp
from andon.model.signal import Signal, SignalKind
from andon.operations.incidents.keeping import SignalLook
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.web.streams import MEDIA
from kit.clones import FILES, Clone
from kit.serving import Client, serving

Notes = set[tuple[str, str]]
#: Datasets by what is to be known of them; of each pair of a note its dataset and kind.
STATES: dict[str, Notes] = {
    "marts.count": set(),
    "marts.late": {("marts.late", "late")},
    "marts.old": {("marts.old", "deprecated")},
    "marts.limited": {("marts.limited", "caveat")},
    "marts.below": {("marts.limited", "caveat")},
    "marts.orphan": {("marts.orphan", "unowned")},
    "marts.totals": {("marts.totals", "held"), ("marts.totals", "caveat")},
    "marts.failing": {("marts.failing", "check")},
    "marts.doubted": {("marts.doubted", "complaint")},
    "marts.unusual": {("marts.unusual", "incident")},
    "marts.cut": {("marts.cut", "aside")},
    "marts.upon": {("marts.cut", "aside")},
    "marts.kept": {("marts.kept", "cord")},
    "marts.people": set(),
}
#: What only those doors say that show no value of a personal column.
MASKED: Notes = {("marts.people", "masked")}
#: What a line says of each kind; two datasets have caveats.
SAID = {
    "late": "max_age",
    "deprecated": "use marts.count",
    "caveat": "only of one shop",
    "unowned": "has no owner",
    "held": "is kept from readers",
    "check": "the check `n > 1000",
    "complaint": "looks too low",
    "incident": "has few rows",
    "aside": "set 1 row aside",
    "cord": "until the audit is done",
    "masked": "not shown here",
}
_COUNT = FILES["datasets/marts/count.sql"]
#: A check that sets nothing aside: each dataset has a place for rows that are.
_NONE_ASIDE = "checks: n < 1_000_000 quarantine 50%\n"


def _file(front: str = "", sql: str = _COUNT, owner: str = "owner: ana\n", checks: str = _NONE_ASIDE) -> str:
    return f"/*---\n{owner}{checks}{front}\n---*/\n{sql}"


_FILES = {
    **FILES,
    "sources/shop/orders.sql": _file("", FILES["sources/shop/orders.sql"], checks=""),
    "datasets/marts/best.sql": _file("", FILES["datasets/marts/best.sql"], checks=""),
    "datasets/marts/count.sql": _file(),
    "datasets/marts/late.sql": _file("refresh: {max_age: 1s}"),
    "datasets/marts/old.sql": _file("deprecated: {use: marts.count}"),
    "datasets/marts/limited.sql": _file("caveats: [only of one shop]"),
    "datasets/marts/below.sql": _file("", "select n + 1 as n from marts.limited\n"),
    "datasets/marts/orphan.sql": _file("description: nobody's", owner=""),
    "datasets/marts/totals.sql": _file(
        "caveats: [only of one shop]\nchecks: |\n  amount < 100\n  amount > 0 quarantine 50%",
        FILES["datasets/marts/totals.sql"],
        checks="",
    ),
    "datasets/marts/failing.sql": _file("checks: |\n  n > 1000 warn\n  n > 0 quarantine 50%", checks=""),
    "datasets/marts/doubted.sql": _file(),
    "datasets/marts/unusual.sql": _file(),
    "datasets/marts/kept.sql": _file(),
    "datasets/marts/cut.sql": _file(
        "checks: n <> 7 quarantine 50%",
        "select unnest([1, 2, 7]) as n, 0 * count(*) as m from shop.orders\n",
        checks="",
    ),
    "datasets/marts/upon.sql": _file("", "select n from marts.cut\n"),
    "datasets/marts/people.sql": _file(
        "columns: {name: {pii: true}}", "select count(*) as n, 'secret of ada' as name from shop.orders\n"
    ),
    "queries/asked.sql": "select n from marts.orphan\n",
    **{
        f"analyses/{name.partition('.')[2]}.py": f"import andon\n\nprint(len(list(andon.open().sql('from {name}'))))\n"
        for name in STATES
    },
    **{
        f"insights/{name.partition('.')[2]}.md": f"---\nquestion: How many?\nquery: from {name}\nuses: [{name}]\n---\n"
        for name in STATES
    },
}


class Doors:
    """All ways to the rows of a dataset."""

    def __init__(self, root: Path, look: Client, lake: Any, remote: Any, first: str) -> None:
        self.root, self.look, self.lake, self.remote, self.first = root, look, lake, remote, first

    def typed(self, *words: str, status: tuple[int, ...] = (0,)) -> tuple[str, str]:
        found = CliRunner().invoke(cli, ["-C", str(self.root), *words], catch_exceptions=False)
        assert found.exit_code in status, found.output
        return found.stdout, found.stderr

    def document(self, *words: str, status: tuple[int, ...] = (0,)) -> Any:
        return json.loads(self.typed(*words, "--json", status=status)[0])

    @cache  # noqa: B019 - all insights are asked at once
    def asked_again(self, how: str) -> Any:
        """What a look at all insights says: a text, or the notes by dataset."""
        if how == "text":
            return self.typed("insight", "check")[1]
        if how == "json":
            found = self.document("insight", "check")
        elif how == "http":
            found = self.look.post("/insights/checks").document
        else:
            found = [each.to_json() for each in (self.lake if how == "python" else self.remote).insights.check()]
        return {f"marts.{each['name']}": _pairs(each.get("notes")) for each in found}

    def page(self, address: str) -> str:
        found = self.look.visit(address)
        assert found.status == 200, found.data
        return found.data.decode()


def _told(text: str, dataset: str, *, is_of_it: bool = False) -> Notes:
    """Which notes a text has; `is_of_it`: all of it is about the dataset, and needs not name it."""
    flat = " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).replace("`", "").split()).lower()
    wanted = STATES[dataset] | (MASKED if dataset == "marts.people" else set())
    of = {kind: name for name, kind in wanted}
    return {
        (of.get(kind, "?"), kind)
        for kind, words in SAID.items()
        if words.replace("`", "") in flat and (is_of_it or of.get(kind, dataset) in flat)
    }


def _lines_of(text: str, dataset: str) -> str:
    """Of notes on many datasets, those on one."""
    own = re.compile(rf"{re.escape(dataset)}: |.* of which [^:]*\b{re.escape(dataset)}\b[^:]* is made: ")
    return "\n".join(line for line in text.splitlines() if own.match(line))


def _shown(page: str) -> str:
    """The notes beside the rows of a page."""
    return " ".join(re.findall(r'<div class="trust">(.*?</div>)\s*</div>', page, re.DOTALL))


def _pairs(notes: Any) -> Notes:
    if not isinstance(notes, list | tuple):
        return set()
    told = [note if isinstance(note, Mapping) else note.to_json() for note in notes]
    return {(note["dataset"], note["kind"]) for note in told}


def _sql(dataset: str) -> str:
    return f"select * from {dataset}"


def _insight(dataset: str) -> str:
    return dataset.partition(".")[2]


def _analysed(doors: Doors, dataset: str) -> str:
    """The analysis that reads a dataset, run once at least."""
    name = _insight(dataset)
    if not doors.lake.analyses.log(name):
        doors.lake.analyses.run(name)
    return name


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
        if form in ("parquet", "arrow"):
            assert _within(found.data, form) == header
        return header

    return ask


def _within(data: bytes, form: str) -> Notes:
    """The notes that a file carries along."""
    import pyarrow
    import pyarrow.parquet

    if form == "parquet":
        schema = pyarrow.parquet.read_schema(pyarrow.BufferReader(data))
    else:
        is_file = data.startswith(b"ARROW1")
        schema = (pyarrow.ipc.open_file if is_file else pyarrow.ipc.open_stream)(data).schema
    return _pairs(json.loads((schema.metadata or {}).get(b"andon.notes", b"[]")))


def _by_file(doors: Doors, dataset: str, form: str) -> Notes:
    target = doors.root / f"answer.{form}"
    found = _pairs(doors.document("query", _sql(dataset), "-o", str(target)).get("notes"))
    _, words = doors.typed("query", _sql(dataset), "--format", form)
    assert _told(words, dataset) == found
    if form in ("parquet", "arrow"):
        assert _within(target.read_bytes(), form) == found
    return found


def _by_result(result: Any) -> Notes:
    notes = [note.to_json() for note in result.notes]
    for note in result.notes:
        assert note.words in repr(result)
    assert ("<strong>" in result._repr_html_()) == bool(notes)
    for held in (result.arrow(), *result.batches()):
        assert json.loads((held.schema.metadata or {}).get(b"andon.notes", b"[]")) == notes
    assert result.df().attrs.get("andon.notes", []) == notes
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        result.pl()
    assert [str(each.message) for each in warned if each.category is andon.TrustWarning] == [
        note.words for note in result.notes
    ]
    return _pairs(notes)


def _both(doors: Doors, ask: Callable[[Any], Any]) -> Notes:
    """What a call says of a lake that is opened here, and of the same one that a server has."""
    here, there = _pairs(ask(doors.lake).notes), _pairs(ask(doors.remote).notes)
    assert here == there
    return here


Door = Callable[[Doors, str], Notes]
#: Doors to values as they are.
OPEN: dict[str, Door] = {
    "query": lambda doors, name: _told(doors.typed("query", _sql(name))[1], name),
    "query --json": lambda doors, name: _pairs(doors.document("query", _sql(name)).get("notes")),
    **{
        f"query {form}": lambda doors, name, form=form: _by_file(doors, name, form)
        for form in ("csv", "json", "parquet", "arrow")
    },
    **{f"/queries {form}": _by_http(form) for form in MEDIA.values()},
    "/sql": lambda doors, name: _told(_shown(doors.page(f"/sql?plain=1&q={quote(_sql(name))}")), name),
    "sql": lambda doors, name: _by_result(doors.lake.sql(_sql(name))),
    "at.sql": lambda doors, name: _by_result(doors.lake.at("main").sql(_sql(name))),
    "remote.sql": lambda doors, name: _by_result(doors.remote.sql(_sql(name))),
    "insight show": lambda doors, name: _told(doors.typed("insight", "show", _insight(name))[1], name),
    "insight show --json": lambda doors, name: _pairs(doors.document("insight", "show", _insight(name))["notes"]),
    "/insights": lambda doors, name: _pairs(doors.look.get(f"/insights/{_insight(name)}").document["notes"]),
    "/insights page": lambda doors, name: _told(_shown(doors.page(f"/insights/{_insight(name)}")), name),
    "insights.show": lambda doors, name: _both(doors, lambda lake: lake.insights.show(_insight(name))),
    "analysis run": lambda doors, name: _told(doors.typed("analysis", "run", _insight(name))[1], name),
    "analysis run --json": lambda doors, name: _pairs(doors.document("analysis", "run", _insight(name))["notes"]),
    "analysis show": lambda doors, name: _told(doors.typed("analysis", "show", _analysed(doors, name))[1], name),
    "analysis show --json": lambda doors, name: _pairs(
        doors.document("analysis", "show", _analysed(doors, name))["notes"]
    ),
    "/analyses/runs": lambda doors, name: _pairs(
        doors.look.get(f"/analyses/runs/{_analysed(doors, name)}").document["notes"]
    ),
    "/analyses page": lambda doors, name: _told(_shown(doors.page(f"/analyses/{_analysed(doors, name)}")), name),
    "analyses.run": lambda doors, name: _pairs(doors.lake.analyses.run(_insight(name)).notes),
    "analyses.show": lambda doors, name: _both(doors, lambda lake: lake.analyses.show(_analysed(doors, name))),
    "insight check --json": lambda doors, name: doors.asked_again("json")[name],
    "insight check": lambda doors, name: _told(_lines_of(doors.asked_again("text"), name), name),
    "/insights/checks": lambda doors, name: doors.asked_again("http")[name],
    "insights.check": lambda doors, name: doors.asked_again("python")[name],
    "remote.insights.check": lambda doors, name: doors.asked_again("remote")[name],
}
#: Doors that keep values of personal columns back, and say so.
DISCREET: dict[str, Door] = {
    "show": lambda doors, name: _told(_page_text(doors.typed("show", name)[0]), name),
    "show --json": lambda doors, name: _pairs(doors.document("show", name).get("notes")),
    "/datasets": lambda doors, name: _pairs(doors.look.get(f"/datasets/{name}").document.get("notes")),
    "lake.show": lambda doors, name: _both(doors, lambda lake: _PageNotes(lake.show(name))),
    "sample": lambda doors, name: _told(_shown(doors.page(f"/d/{name}/sample?made=true")), name),
    "columns": lambda doors, name: _told(_page_of(doors.page(f"/d/{name}?made=true")), name, is_of_it=True),
    "profile": lambda doors, name: _told(doors.typed("profile", name)[1], name),
    "profile --json": lambda doors, name: _pairs(doors.document("profile", name).get("notes")),
    "/profile": lambda doors, name: _pairs(doors.look.get(f"/datasets/{name}/profile").document.get("notes")),
    "lake.profile": lambda doors, name: _both(doors, lambda lake: lake.profile(name)),
    "profile --against": lambda doors, name: _told(doors.typed("profile", name, "--against", "run:1")[1], name),
    "profile --against --json": lambda doors, name: _pairs(
        doors.document("profile", name, "--against", "run:1").get("notes")
    ),
    "/profile?against": lambda doors, name: _pairs(
        doors.look.get(f"/datasets/{name}/profile?against=run:1").document.get("notes")
    ),
    "lake.profile_diff": lambda doors, name: _both(doors, lambda lake: lake.profile_diff(name, "run:1")),
    "diff --rows": lambda doors, name: _told(doors.typed("diff", "run:1", "main", "--rows", name)[1], name),
    "diff --rows --json": lambda doors, name: _pairs(
        doors.document("diff", "run:1", "main", "--rows", name).get("notes")
    ),
    "/diff": lambda doors, name: _pairs(doors.look.get(f"/diff?a=run:1&b=main&rows={name}").document.get("notes")),
    "lake.diff": lambda doors, name: _both(doors, lambda lake: lake.diff("run:1", "main", rows=[name])),
}


#: Doors to the rows that are set aside, which need not say so.
ASIDES: dict[str, Door] = {
    "set aside": lambda doors, name: _told(_shown(doors.page(f"/d/{name}/quarantine")), name),
    "quarantine show": lambda doors, name: _told(doors.typed("quarantine", "show", name)[1], name),
    "quarantine show --json": lambda doors, name: _pairs(doors.document("quarantine", "show", name).get("notes")),
    "/quarantine": lambda doors, name: _pairs(doors.look.get(f"/quarantine/{name}").document.get("notes")),
    "quarantine.show": lambda doors, name: _both(doors, lambda lake: lake.quarantine.show(name)),
}


class _PageNotes:
    """The notes of a page of a dataset, whoever gives it."""

    def __init__(self, page: Any) -> None:
        self.notes = page.notes


def _page_of(page: str) -> str:
    """What stands around the columns on a dataset's page, but for its checks and what it can be told."""
    columns = page.partition('<section class="card" id="columns"')[2].partition("</section>")[0]
    return columns + page.partition('<aside class="stack">')[2].partition("<h2>Versions")[0]


def _page_text(shown: str) -> str:
    """What a dataset's page says in a terminal, but for its code; a check that fails has its line."""
    return shown.partition("\ncode\n")[0].replace("✗  n > 1000", "the check `n > 1000")


def _work(root: Path) -> str:
    """Bring the datasets into their states; the commit before."""
    clone = Clone(root)
    clone.fill(_FILES)
    first = clone.run().commit
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,700\n")
    clone.refresh()
    with clone.opened() as service:
        service.insight_changes.pin([_insight(name) for name in STATES], RunOptions())
        service.cords.complain("marts.doubted", "it looks too low")
        service.cords.hold("marts.kept", "until the audit is done")
        few = Signal("main", "marts.unusual", SignalKind.VOLUME, "rows", Lamp.WARN, "has few rows", "2026-11-20")
        service.incidents.catch_up("main", SignalLook(frozenset((SignalKind.VOLUME,)), (few,)))
    return first


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    root = tmp_path_factory.mktemp("doors") / "acme"
    first = _work(root)
    with serving(root) as served, andon.open(root) as lake, andon.connect(served.address) as remote:
        while not lake.sql(_sql("marts.late")).notes:
            time.sleep(0.05)
        yield Doors(root, served.client(), lake, remote, first)


@pytest.mark.parametrize("door", OPEN)
def test_each_door_tells_what_is_known_of_what_was_read(doors: Doors, door: str) -> None:
    assert {name: OPEN[door](doors, name) for name in STATES} == STATES


@pytest.mark.parametrize("door", DISCREET)
def test_a_door_that_keeps_values_back_says_so_beside_the_rest(doors: Doors, door: str) -> None:
    wanted = {**STATES, "marts.people": MASKED}
    assert {name: DISCREET[door](doors, name) for name in STATES} == wanted


@pytest.mark.parametrize("door", ASIDES)
def test_a_door_to_rows_that_are_set_aside_tells_the_rest(doors: Doors, door: str) -> None:
    # the page draws rows, and what is known of them, where there are any
    names = ["marts.cut"] if door == "set aside" else [*STATES]
    wanted = {**STATES, "marts.people": MASKED, "marts.cut": set()}
    assert {name: ASIDES[door](doors, name) for name in names} == {name: wanted[name] for name in names}


ALL: Notes = set().union(*STATES.values())
#: Doors whose answer is of many datasets, each asked once for all of them.
AT_ONCE: dict[str, Door] = {
    "insight pin": lambda doors, _: _told_each(doors.typed("insight", "pin", *_insights())[1]),
    "insight pin --json": lambda doors, _: _pairs(doors.document("insight", "pin", *_insights()).get("notes")),
    "/insights/pins": lambda doors, _: _pairs(
        doors.look.post("/insights/pins", {"names": _insights()}).document["notes"]
    ),
    "insights.pin": lambda doors, _: _both(doors, lambda lake: lake.insights.pin(*_insights())),
}


def _told_each(text: str) -> Notes:
    """The notes of a text on all datasets."""
    return set().union(*(_told(_lines_of(text, name), name) for name in STATES))


def _insights() -> list[str]:
    return [_insight(name) for name in STATES]


@pytest.mark.parametrize("door", AT_ONCE)
def test_a_door_to_many_datasets_tells_what_is_known_of_each(doors: Doors, door: str) -> None:
    assert AT_ONCE[door](doors, "") == ALL


def test_a_report_on_a_change_tells_what_is_known_of_what_differs(doors: Doors) -> None:
    document = doors.document("diff", doors.first, "main", "--format", "json")
    assert "notes" not in document  # it tells of no row
    text = doors.typed("diff", doors.first, "main", "--format", "markdown")[0]
    lines = "\n".join(line.removeprefix("- ") for line in text.partition("**To know**")[2].splitlines())
    # what is well is not in it, nor what stayed as it was: the held one, and what no row of the file changed; of `below` its source says it
    assert {name for name in STATES if _lines_of(lines, name)} == {*STATES} - {
        "marts.count", "marts.totals", "marts.cut", "marts.upon", "marts.below",
    }  # fmt: skip
    assert _pairs(doors.look.get(f"/diff?a={doors.first}&b=main&report=true").document["notes"]) >= _told_each(lines)


def test_the_page_of_a_change_tells_it_beside_the_rows_that_differ(doors: Doors) -> None:
    with Clone(doors.root).opened() as service:
        service.branches.create("other")
        service.runs.run(RunOptions(branch="other", select=("marts.orphan",), force=True, agreed=ANY_PLAN))
    assert _told(_shown(doors.page("/changes/other?rows=marts.orphan")), "marts.orphan") == STATES["marts.orphan"]


def test_a_saved_query_tells_it_too(doors: Doors) -> None:
    orphan = STATES["marts.orphan"]
    assert _by_result(doors.lake.query("asked")) == _by_result(doors.remote.query("asked")) == orphan
    assert _pairs(doors.look.post("/queries", {"saved": "asked"}).document["notes"]) == orphan
    assert _told(doors.typed("query", "asked")[1], "marts.orphan") == orphan


def test_what_ends_names_what_to_use(doors: Doors) -> None:
    (note,) = doors.remote.sql(_sql("marts.old")).notes
    assert note.use == "marts.count"
