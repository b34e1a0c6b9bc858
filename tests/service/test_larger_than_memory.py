"""What is larger than the memory that the engine may use goes to disk and comes out right; how much that may be is bounded and told, and
nothing of it is left."""

from __future__ import annotations

import shutil

import pytest

from andon.errors import AndonError
from kit.clones import Clone

#: Rows of some hundred bytes that can't be compressed: far more than `LIMIT`.
ROWS = 800_000
LIMIT = "100MB"
A = f"""/*---
key: code
checks: |
  unique label
---*/
select range as id, md5(range::varchar) as code, md5((range + 1)::varchar) || md5((range + 2)::varchar) as label from range({ROWS})
"""
ASK = {
    "sort": ("select sum(id) from (select id, code from m.a order by label limit 790000)", None),
    "group": ("select count(*), sum(n) from (select label, count(*) as n from m.a group by label)", (ROWS, ROWS)),
    "join": ("select count(*) from m.a x join m.a y on x.label = y.label and x.code = y.code", (ROWS,)),
    "window": (
        "select sum(n) from (select row_number() over (order by label) as n from m.a)",
        (ROWS * (ROWS + 1) // 2,),
    ),
}


def limited(clone: Clone, memory: str = LIMIT, **more: str) -> Clone:
    environ = {"ANDON_ENGINE_MEMORY_LIMIT": memory, "ANDON_ENGINE_THREADS": "1"}
    return Clone(
        clone.root, environ={**environ, **{f"ANDON_ENGINE_{name.upper()}": text for name, text in more.items()}}
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Clone:
    """A table of two versions, with half of the labels changed between them; made with all the memory that there is."""
    clone = Clone(tmp_path_factory.mktemp("large") / "acme")
    clone.write("andon.toml", "")
    clone.write("datasets/m/a.sql", A)
    clone.run()
    clone.write("datasets/m/a.sql", A.replace("(range + 2)", "(range + 2 + id % 2)"))
    clone.run()
    shutil.rmtree(clone.root / ".andon" / "tmp", ignore_errors=True)
    return clone


@pytest.mark.parametrize("what", ASK)
def test_queries(large, what):
    sql, expected = ASK[what]
    (found,) = limited(large).ask(sql)
    assert found == expected if expected else large.ask(sql)[0]
    assert not list(large.root.glob(".andon/tmp/*"))


def test_rows_that_differ(large):
    with limited(large).opened() as service:
        (diff,) = service.row_diffs.rows("main~1", "main", ["m.a"])
    assert (diff.rows.added, diff.rows.removed, diff.rows.changed) == (0, 0, ROWS // 2)


def test_checks(large):
    with limited(large).opened() as service:
        report = service.checks.run((), "main", again=True)
    assert {r.status for r in report.results} == {"pass"}


def test_profiles(large):
    with limited(large).opened() as service:
        profile = service.profiles.profile("m.a")
    assert profile.rows == ROWS


def test_builds_that_did_not_fit_beside_each_other(large):
    clone = limited(large, "180MB")
    clone.environ["ANDON_RUN_PARALLEL"] = "2"
    for name in ("one", "two"):
        clone.write(f"datasets/m/{name}.sql", f"select '{name}' as t, * from m.a order by label")
    result = clone.run()
    assert result.published
    assert large.ask("select count(*), min(label) = (select min(label) from m.a) from m.two") == [(ROWS, True)]
    assert not list(large.root.glob(".andon/tmp/*"))


def test_what_may_go_to_disk_is_bounded_and_told(large, tmp_path):
    chosen = tmp_path / "elsewhere"
    few = limited(large, temp_limit="2MB", temp_directory=str(chosen))
    with pytest.raises(AndonError) as caught:
        few.ask(ASK["window"][0])
    assert (caught.value.code, caught.value.where) == ("machine.memory", "query")
    assert "engine.temp_limit" in caught.value.message
    assert (caught.value.hint or "").count("engine.") == 3
    assert list(chosen.iterdir()) == []


def test_what_can_not_go_to_disk_is_told(large):
    with pytest.raises(AndonError) as caught:
        limited(large, "30MB").ask("select len(list(label)) from m.a")
    assert caught.value.code == "machine.memory"
    assert "engine.memory_limit" in (caught.value.hint or "")
