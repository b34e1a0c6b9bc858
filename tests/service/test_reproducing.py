"""Past versions built again: the same comes out, whatever kind of dataset it is and whatever happened since; what does not is told, with
why; and nothing of the lake is touched."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from andon.errors import MachineError, UsageError
from andon.model.reproduction import Reproduction, ReproVerdict
from kit.clones import Clone
from kit.each_kind import KINDS, year_of_lake


def everything(clone: Clone) -> dict[tuple[str, str], Reproduction]:
    """Each build that a commit of main or of another branch shows, built again, alone and down to raw files."""
    found: dict[tuple[str, str], Reproduction] = {}
    with clone.opened() as service:
        lake = service.workspace.lake
        for ref in lake.refs.of_kind("branch"):
            for commit in lake.commits.first_parents(lake.refs.head(ref.name)):
                for name, leaf in lake.commits.state(commit).leaves.items():
                    if (name, leaf.build) not in found:
                        found[name, leaf.build] = service.reproducing.reproduce(name, commit.id)
                        deep = service.reproducing.reproduce(name, commit.id, deep=True)
                        assert deep.verdict is found[name, leaf.build].verdict, (name, deep)
    return found


def marks(clone: Clone) -> dict[str, str]:
    """What the lake holds: all files by their content, and all rows of the catalog but what came of building again."""
    lake = clone.root / ".andon" / "lake"
    found = {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in (lake / "data").rglob("*") if p.is_file()}
    found |= {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in (lake / "raw").rglob("*") if p.is_file()}
    with sqlite3.connect(lake / "catalog.db") as catalog:
        rows = [line for line in catalog.iterdump() if not line.startswith('INSERT INTO "reproduction"')]
        found["catalog"] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def reproduced(clone: Clone, name: str, ref: str | None = None, **options: bool) -> Reproduction:
    with clone.opened() as service:
        return service.reproducing.reproduce(name, ref, **options)


@pytest.fixture
def year(tmp_path: Path) -> Clone:
    return year_of_lake(tmp_path)


def test_all_that_was_ever_shown_comes_out_the_same(year):
    before = marks(year)
    found = everything(year)
    assert {name for name, _ in found} == {
        *(
            path.removeprefix("datasets/").removesuffix(".sql").replace("/", ".")
            for path in KINDS
            if path.startswith("datasets/") and path.endswith(".sql")
        ),
        "shop.orders",
        "shop.orders__quarantine",
    }
    assert len(found) > 30
    assert {each.verdict for each in found.values()} == {ReproVerdict.IDENTICAL}, [
        (name, each.how) for (name, _), each in found.items() if each.verdict is not ReproVerdict.IDENTICAL
    ]
    assert any(each.proof for each in found.values()), "what was taken over is built by its own recipe"
    assert marks(year) == before


def test_it_needs_no_raw_folder_and_no_code_of_today(year):
    shutil.rmtree(year.root / "raw")
    for path in ("datasets", "sources"):
        shutil.rmtree(year.root / path)
    assert {each.verdict for each in everything(year).values()} == {ReproVerdict.IDENTICAL}


PYTHON = """import time

from andon import dataset


@dataset()
def made():
    return {{"k": [1, 2], "x": [5.0, {}]}}
"""


@pytest.mark.parametrize(
    ("value", "verdict", "differ"),
    [
        ("1.5", ReproVerdict.IDENTICAL, None),
        ("1 + time.perf_counter() * 1e-12", ReproVerdict.EQUAL, None),
        ("time.perf_counter()", ReproVerdict.DIFFERENT, 2),
        ("float('nan')", ReproVerdict.IDENTICAL, None),
    ],
)
def test_python_is_run_again(tmp_path, value, verdict, differ):
    clone = Clone(tmp_path / "acme")
    clone.fill({"andon.toml": "", "datasets/a/made.py": PYTHON.format(value)})
    clone.run()
    found = reproduced(clone, "a.made")
    assert (found.verdict, found.difference.rows.total if found.difference else None) == (verdict, differ)
    told = [(each.what, each.file, each.line) for each in found.causes]
    assert told == ([] if verdict is ReproVerdict.IDENTICAL else [("time.perf_counter()", "datasets/a/made.py", 8)])


@pytest.mark.parametrize("name", ["andon_place", "Andon_Place", "andon_place_", 'a"b', "größe"])
def test_a_column_of_any_name_is_compared(tmp_path, name):
    quoted = name.replace('"', '""')
    clone = Clone(tmp_path / "acme")
    head = "/*---\nallow: [random]\n---*/\n"
    clone.fill({"andon.toml": "", "datasets/a/dice.sql": f'{head}select 1 as k, random() as "{quoted}"\n'})
    clone.run()
    assert reproduced(clone, "a.dice").verdict is ReproVerdict.DIFFERENT


def test_what_makes_a_difference_is_told_with_its_line(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    clone.write("datasets/a/base.sql", "select range as k, (range % 3)::int as g from range(30)\n")
    clone.write(
        "datasets/a/dice.sql",
        "/*---\nallow: [random]\nkey: k\n---*/\nselect k,\n  g,\n  random() as x\nfrom a.base\n",
    )
    clone.write("datasets/a/over.sql", "select g, count(*) as n, sum(x) > 1e9 as much from a.dice group by g\n")
    clone.run()
    found = reproduced(clone, "a.dice")
    assert found.verdict is ReproVerdict.DIFFERENT
    assert found.difference is not None
    assert (found.difference.rows.changed, [c.name for c in found.difference.columns]) == (30, ["x"])
    assert len(found.difference.samples) == 20
    (cause,) = found.causes
    assert (cause.what, cause.file, cause.line) == ("random()", "datasets/a/dice.sql", 7)
    over = reproduced(clone, "a.over", deep=True)
    assert over.verdict is ReproVerdict.IDENTICAL, "its own rows come out the same over other inputs"
    assert {each.dataset: each.verdict for each in over.inputs} == {
        "a.base": ReproVerdict.IDENTICAL,
        "a.dice": ReproVerdict.DIFFERENT,
    }


def test_what_is_damaged_is_never_called_the_same(project):
    project.run()
    with project.opened() as service:
        lake = service.workspace.lake
        leaves = lake.commits.state(lake.refs.head("main")).leaves
        versions = {name: lake.objects.versions([leaf.version])[leaf.version] for name, leaf in leaves.items()}
        places = {name: Path(lake.storage.engine_path(version.files[0].path)) for name, version in versions.items()}
    for broken, asked in (("shop.orders", "marts.totals"), ("marts.totals", "marts.totals")):
        place = places[broken]
        whole, before = place.read_bytes(), place.stat()
        place.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
        os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
        with pytest.raises(MachineError) as raised:
            reproduced(project, asked)
        assert raised.value.code == "lake.corrupt"
        place.write_bytes(whole)
    assert reproduced(project, "marts.totals").verdict is ReproVerdict.IDENTICAL


def test_a_version_is_named_by_any_ref(project):
    first = project.run()
    project.write("datasets/marts/count.sql", "select count(*) + 1 as n from shop.orders\n")
    project.run()
    with project.opened() as service:
        service.branches.create("aside", first.commit)
        before, now = (service.reproducing.reproduce("marts.count", ref) for ref in (first.commit, None))
        assert before.version != now.version
        for name in ("marts.count@main~1", "marts.count@aside", f"marts.count@{first.commit[:10]}"):
            assert service.reproducing.reproduce(name).version == before.version
        assert service.reproducing.reproduce("marts.count@2100-01-01").version == now.version
        for name, code in (("marts.gone", "lake.dataset_not_found"), ("marts.count@nope", "lake.ref_not_found")):
            with pytest.raises(UsageError) as raised:
                service.reproducing.reproduce(name)
            assert raised.value.code == code


@pytest.mark.parametrize("head", ["ref: refs/heads/never_run\n", "0" * 40 + "\n"])
def test_a_date_is_one_of_what_is_read_also_on_a_branch_of_git_that_was_never_run(project, head):
    project.run()
    (project.root / ".git").mkdir()
    project.write(".git/HEAD", head)
    day = project.head().time[:10]
    assert reproduced(project, "marts.totals").ref == "main"
    assert reproduced(project, f"marts.totals@{day}").ref == f"main@{day}"


def test_personal_values_stay_hidden(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    clone.write(
        "datasets/a/dice.sql",
        "/*---\nallow: [random]\nkey: k\ncolumns:\n  x: {pii: true}\n---*/\nselect range as k, random() as x from range(5)\n",
    )
    clone.run()
    found = reproduced(clone, "a.dice")
    assert found.difference is not None
    assert found.difference.rows.changed == 5
    shown = {value for sample in found.difference.samples for row in (sample.old, sample.new) for value in (row or ())}
    assert not {value for value in shown if isinstance(value, float)}
