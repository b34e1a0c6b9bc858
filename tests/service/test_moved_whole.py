"""A lake with all that lakes hold is moved: whatever is asked of it answers as before, also where both sides went on and both were
collected."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from andon.model.action import ActionOutcome
from andon.runs.goal import RunOptions
from andon.service.insight_changes import NewInsight
from andon.service.locks import lock
from kit.command_line import Andon
from kit.each_kind import KINDS, day
from kit.remote import TOKEN, Bucket
from kit.shops import Shop

_numbers = itertools.count(1)
LAKE = ".andon/lake"
SETTINGS = '[python]\nkeep_packages = true\n[retention]\nkeep = "30d"\ngrace = "1d"\nruns = "20d"\n'
MADE = """# /// script
# dependencies = ["tinyshape"]
# ///
import tinyshape
from andon import dataset


@dataset()
def made():
    return {"area": [tinyshape.area(2)]}
"""
#: What each of these writes must be the same; asking leaves no trace in any of them.
ASKED = (
    *(("log", "--at", ref) for ref in ("main", "try")),
    *(
        (each,)
        for each in ("ls", "quarantine list", "insights", "branch list", "tag", "glossary", "requests", "incidents")
    ),
    ("questions",),
    ("analysis list",),
    ("analysis log", "sums"),
)
_TIMES = {"seconds", "age", "asked", "read", "last", "uses", "seen", "saw"}


class Lake(Shop):
    """A lake with a dataset of each kind, rows put back, a correction, kept wheels, questions, an insight, a run of an analysis."""

    def everything(self) -> None:
        self.fill({**KINDS, "andon.toml": SETTINGS, "datasets/a/made.py": MADE})
        self.write(
            "sources/shop/sales.sql",
            "/*---\nchecks: |\n  unique id\n---*/\nselect * from read_csv('raw/sales_*.csv')\n",
        )
        self.write("raw/sales_1.csv", "id,amount\n1,5\n2,6\n")
        day(self, 1, "1,ada,2026-01-01,10", "2,ben,2026-01-01,-5")
        with self.opened() as service:
            lock(service.workspace)
        self.run()
        day(self, 2, "3,ada,2026-01-02,20", "4,cleo,2026-01-02,700")
        self.refresh()
        self.write("raw/sales_2.csv", "id,amount\n1,5\n")
        self.refresh()
        self.write("analyses/sums.py", "import andon\n\nprint(andon.open().sql('from marts.totals').fetchall())\n")
        with self.opened() as service:
            number = next(each.number for each in service.incidents.standing("main") if each.dataset == "shop.sales")
            assert service.actions.fix(number, "deduplicate", {"share": "60%"}).outcome is ActionOutcome.VERIFIED
            assert service.quarantine.release("shop.orders", "it is right", where="amount = -5").published
            asked = service.dataset_questions.ask("marts.totals.amount", "Is tax in it?").question
            service.dataset_questions.answer(asked.number, "No.")
            query = "select sum(amount) from marts.totals"
            service.insight_changes.add(NewInsight("size", "How much?", query=query), RunOptions())
            assert service.analyses.run("sums").error is None
        self.switch("try", create=True)
        self.write(
            "datasets/marts/parted.sql", KINDS["datasets/marts/parted.sql"].replace("id, day", "id, day, amount")
        )
        done = self.run(branch="try")
        assert done.published, (
            done.held,
            [(t.dataset, str(t.status), t.error) for t in done.tasks if str(t.status) != "ok"],
        )
        self.switch("main")
        self.undo()
        self.redo()

    def all_documents(self) -> dict[str, Any]:
        andon = Andon(self.root)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.environ, "ANDON_CLOCK": self.now.isoformat(), "ANDON_AUTHOR": "ana"}.items():
                patch.setenv(name, value)
            return {" ".join(words): _timeless(andon.json(*words[0].split(), *words[1:])) for words in ASKED}

    def all_rows(self) -> dict[str, Any]:
        """Each dataset at each branch and in all of main's past, or why not."""
        found = {}
        with self.opened() as service:
            lake = service.workspace.lake
            commits = {
                c.id: c
                for ref in lake.refs.of_kind("branch")
                for c in lake.commits.first_parents(lake.commits.get(ref.commit))
            }
            for id, commit in commits.items():
                for name in lake.commits.state(commit).leaves:
                    try:
                        rows = sorted(map(repr, service.querying.ask(f"from {name}", id).fetch()))
                    except Exception as error:  # noqa: BLE001 - whatever it was, it must be the same
                        rows = getattr(error, "code", repr(error))
                    found[f"{name}@{id[:8]}"] = rows
        return found

    def is_whole(self) -> bool:
        with self.opened() as service:
            lake = service.workspace.lake
            names = lake.commits.state(lake.refs.head("main")).leaves
            verdicts = [service.reproducing.reproduce(name).verdict.holds for name in names]
            assert service.analysis_reproducing.reproduce("sums@1").verdict.holds
            return self.damaged() == [] and all(verdicts)

    def damaged(self) -> list[Any]:
        with self.opened() as service:
            return service.verifying.verify(all=True).damaged

    def moved(self, target: str, source: str | None = None):
        with self.opened() as service:
            return service.lake_moves.move(target, source=source)

    def lies_in(self, setting: str, more: str) -> None:
        self.write("andon.toml", f"{setting}\n{SETTINGS}{more}")


def _timeless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _timeless(each) for key, each in value.items() if not _TIMES & set(key.split("_"))}
    return [_timeless(each) for each in value] if isinstance(value, list) else value


def differences(was: Any, now: Any, place: str = "") -> Iterator[str]:
    """Where two documents differ."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in was.keys() | now.keys():
            yield from differences(was.get(key), now.get(key), f"{place}.{key}")
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for number, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif was != now:
        yield f"{place}: {was!r} != {now!r}"


@pytest.fixture
def lake(machine, tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "acme é")
    lake.everything()
    return lake


def test_all_that_a_lake_holds_is_moved_brought_and_collected_on_both_sides(lake, tmp_path, s3):
    bucket = Bucket(s3, f"whole{next(_numbers)}")
    lake.environ = {**lake.environ, "S3_SECRET": TOKEN}
    connection = bucket.connection()
    lake.lies_in("", connection)
    rows, documents = lake.all_rows(), lake.all_documents()
    assert not [each for each in rows.values() if isinstance(each, str)]
    there = lake.moved(bucket.url("lake"))
    assert there.lost == []
    assert lake.all_rows() == rows
    # it goes on here, until the rest was brought; then it is the same there
    day(lake, 3, "6,ada,2026-01-03,1")
    assert lake.refresh().published
    rows, documents = lake.all_rows(), lake.all_documents()
    lake.lies_in(there.setting, connection)
    assert lake.moved(bucket.url("lake"), LAKE).copied_files > 0
    assert lake.all_rows() == rows
    assert [*differences(documents, lake.all_documents())] == []
    # there it goes on and is collected: the old one is not asked any more, and what was let go is not brought from it
    day(lake, 4, "7,ben,2026-01-04,2")
    assert lake.refresh().published
    lake.later(40)
    assert lake.collect().files
    rows = lake.all_rows()
    assert {each for each in rows.values() if isinstance(each, str)} == {"lake.gone"}
    assert lake.moved(bucket.url("lake"), LAKE).copied_files == 0
    assert lake.all_rows() == rows
    assert lake.damaged() == []
    # and back into the old one, in which much of it lies still, and which is collected, too
    documents = lake.all_documents()
    back = lake.moved(LAKE)
    assert back.lost == []
    assert back.copied_files > 0
    lake.lies_in(back.setting, connection)
    now = lake.all_rows()
    assert all(now[key] == rows[key] or rows[key] == "lake.gone" for key in rows), (
        "what was let go there may lie here still"
    )
    assert [*differences(documents, lake.all_documents())] == []
    day(lake, 5, "8,ben,2026-01-04,3")
    lake.refresh()
    lake.later(40)
    lake.collect()
    rows, documents = lake.all_rows(), lake.all_documents()
    last = lake.moved(str(tmp_path / "last"), bucket.url("lake"))
    assert lake.moved(str(tmp_path / "last")).lost == []
    assert last.gone > 0
    shutil.rmtree(lake.root / LAKE)
    lake.lies_in(last.setting, "")
    assert lake.all_rows() == rows
    assert [*differences(documents, lake.all_documents())] == []
    assert lake.is_whole()
