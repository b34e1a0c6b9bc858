"""Names and types of a whole project, bound before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.cache import MemoryCache
from andon.project import bind_check as bindcheck
from andon.project.bind_check import Following, check_bindings, check_declared
from kit.projects import SOURCE, load_texts, told

if TYPE_CHECKING:
    from collections.abc import Set

    import pytest

ORDERS = {"shop.orders": [("id", "BIGINT"), ("amount", "DOUBLE")]}

TEXTS = SOURCE | {
    "macros/m.sql": "create macro money(a) as cast(a as decimal(18, 2)); create macro bad(a) as no_such(a);",
    "datasets/m/a.sql": "select id, money(sum(amount)) as amount, sum(id) as ids from shop.orders group by id\n",
    "datasets/m/b.sql": "select a.id,\n  amont\nfrom m.a\n",
    "datasets/m/c.sql": "select * from m.b\n",
    "datasets/m/d.sql": "select foo(id) as x from m.a\n",
    "datasets/m/e.sql": "select bad(id) as x from m.a\n",
    "datasets/m/f.sql": "select amount, ids from m.a\n",
    "datasets/m/g.py": "from andon import dataset, read\n\n@dataset()\ndef g(a=read('m.a')): return a\n",
    "datasets/m/h.sql": "select * from m.g\n",
}


def lake(kind: str) -> str:
    return "BIGINT" if kind == "HUGEINT" else kind


def test_what_binds_and_what_does_not() -> None:
    project = load_texts(TEXTS)
    assert not project.problems, [told(p) for p in project.problems]
    bound, problems = check_bindings(project, ORDERS, project.datasets, MemoryCache(), to_lake_type=lake)
    assert bound == {
        "m.a": (("id", "BIGINT"), ("amount", "DECIMAL(18,2)"), ("ids", "HUGEINT")),
        "m.f": (("amount", "DECIMAL(18,2)"), ("ids", "BIGINT")),
    }
    problems = sorted(problems, key=lambda p: p.where)
    assert [(p.where, p.code) for p in problems] == [
        ("datasets/m/b.sql:2:3", "project.unknown_column"),
        ("datasets/m/d.sql:1:8", "project.unknown_function"),
        ("datasets/m/e.sql", "project.bad_macro"),
    ]
    assert problems[0].hint == "did you mean `amount`?"
    assert problems[0].excerpt is not None
    assert "amont" in problems[0].excerpt


def test_the_new_name_of_a_column_is_told_to_who_names_the_old_one() -> None:
    texts = SOURCE | {
        "datasets/m/a.sql": "/*--- columns: {total: {was: Amount}} ---*/ select id, amount as total from shop.orders\n",
        "datasets/m/b.sql": "select sum(a.amount) as total from m.a\n",
        "datasets/m/c.sql": "select id from m.a join shop.orders o using (amount)\n",
        "datasets/m/d.sql": "select amont from m.a join shop.orders o using (id)\n",
        "datasets/m/e.sql": "/*---\nkey: amount\ncolumns: {total: {was: amount}}\n---*/\nselect 1 as total\n",
    }
    _, problems = check_bindings(load_texts(texts), ORDERS, ["m.a", "m.b", "m.c", "m.d", "m.e"], MemoryCache())
    assert {p.where: p.hint for p in problems} == {
        "datasets/m/b.sql:1:12": "`m.a.Amount` is now `total`",
        "datasets/m/c.sql:1:46": "`m.a.Amount` is now `total`",
        "datasets/m/d.sql:1:8": "did you mean `amount`?",
        "datasets/m/e.sql:2:6": "`amount` is now `total`",
    }


def test_only_what_is_changed_is_bound_and_the_rest_is_taken_as_it_is() -> None:
    project = load_texts(TEXTS)
    known = ORDERS | {"m.a": [("id", "VARCHAR"), ("amount", "DOUBLE"), ("ids", "DATE")], "m.g": [("z", "DATE")]}
    bound, problems = check_bindings(project, known, ["m.f", "m.h", "m.nothing"], MemoryCache())
    assert not problems
    assert bound == {"m.f": (("amount", "DOUBLE"), ("ids", "DATE")), "m.h": (("z", "DATE"),)}


def test_who_reads_what_came_out_otherwise_is_bound_too_and_nobody_else() -> None:
    texts = SOURCE | {
        "datasets/m/a.sql": "select id, amount as a from shop.orders\n",
        "datasets/m/same.sql": "select id, amount from shop.orders\n",
        "datasets/m/b.sql": "select * from m.a\n",
        "datasets/m/c.sql": "select id from m.b\n",
        "datasets/m/d.sql": "select id, d.amount from m.c join m.same d using (id)\n",
        "datasets/m/e.sql": "select old from m.a\n",
        "datasets/m/f.sql": "select * from m.e join m.b using (id)\n",
    }
    was = [("id", "BIGINT"), ("amount", "DOUBLE")]
    state = ORDERS | {
        "m.a": [("id", "BIGINT"), ("old", "DOUBLE")],
        "m.same": was,
        "m.b": [("id", "BIGINT")],
        "m.d": was,
    }
    state |= {"m.c": [("id", "BIGINT")], "m.e": [("old", "DOUBLE"), ("id", "BIGINT")], "m.f": [("id", "BIGINT")]}
    project = load_texts(texts)
    readers = {
        name: [d for d, dataset in project.datasets.items() if name in dataset.definition.inputs] for name in state
    }
    asked: list[str] = []

    def columns_of(names: Set[str]) -> dict[str, list[tuple[str, str]]]:
        asked.extend(names)
        return {name: state[name] for name in names}

    following = Following(readers, set(), columns_of)
    changed = {name: state[name] for name in ("shop.orders", "m.a", "m.same")}
    bound, problems = check_bindings(project, changed, ["m.a", "m.same"], MemoryCache(), following=following)
    # c reads b, whose columns are others, and comes out as it was: d is left alone; f reads e, of which nothing is known now
    assert bound.keys() == {"m.a", "m.same", "m.b", "m.c"}
    assert [(p.where, p.code) for p in problems] == [("datasets/m/e.sql:1:8", "project.unknown_column")]
    assert "m.d" not in asked


def test_a_bound_dataset_is_not_bound_again(monkeypatch: pytest.MonkeyPatch) -> None:
    project, cache = load_texts(TEXTS), MemoryCache()
    first, _ = check_bindings(project, ORDERS, ["m.a", "m.f"], cache)
    monkeypatch.setattr(bindcheck, "Binder", None)
    assert check_bindings(project, ORDERS, ["m.a", "m.f"], cache) == (first, [])


DECLARED = """/*---
key: [id, dya]
columns:
  ID: Number
  amout: Value
---*/
select 1 as id, 2 as amount, 3 as day
"""


def test_declared_columns_must_be_in_the_result() -> None:
    project = load_texts({"datasets/m/a.sql": DECLARED})
    bound, problems = check_bindings(project, {}, ["m.a"], MemoryCache())
    assert list(bound) == ["m.a"]
    assert [(p.line, p.column, p.code, p.hint) for p in problems] == [
        (5, 3, "project.unknown_column", "did you mean `amount`?"),
        (2, 11, "project.unknown_column", "did you mean `day`?"),
    ]


def test_declared_columns_of_other_kinds() -> None:
    text = "from andon import dataset\n\n@dataset(key='idd')\ndef a(): ...\n"
    dataset = load_texts({"datasets/m/a.py": text}).datasets["m.a"]
    assert [p.hint for p in check_declared(dataset, [("id", "BIGINT")])] == ["did you mean `id`?"]
    assert check_declared(dataset, [("IDD", "BIGINT")]) == []
