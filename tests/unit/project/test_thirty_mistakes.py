"""A project with thirty different mistakes reports all of them in one go, each at its place."""

from __future__ import annotations

import pytest

from kit.projects import load_texts, told

GOOD = {
    "sources/shop/orders.sql": "select id, customer_id, amount from read_csv('raw/orders.csv')\n",
    "sources/shop/customers.sql": "select id, name from read_csv('raw/customers.csv')\n",
    "datasets/marts/revenue.sql": "select customer_id, sum(amount) as revenue from shop.orders group by all\n",
    "macros/money.sql": "create macro money(a) as cast(a as decimal(18, 2));\n",
    "insights/revenue.yml": "title: What did we take?\nuses: [marts.revenue]\n",
}

#: path -> (content, [(line, column, code, words of message or hint)])
MISTAKES: dict[str, tuple[str | bytes, list[tuple[int | None, int | None, str, str]]]] = {
    "andon.toml": (
        "[engine]\nthreds = 4\nwide_above = true\n\n[publish]\nchange = 'sometimes'\n",
        [
            (2, 1, "project.unknown_key", "engine.threads"),
            (3, 1, "project.bad_value", "size"),
            (6, 1, "project.bad_value", "all-or-nothing"),
        ],
    ),
    "datasets/marts/a01.sql": (
        "/*---\nowner: ana\ndescripton: Orders\n---*/\nselect * from shop.orders\n",
        [(3, 1, "project.unknown_key", "description")],
    ),
    "datasets/marts/a02.sql": ("select *\nfrom shop.order\n", [(2, 6, "project.unknown_dataset", "shop.orders")]),
    "datasets/marts/a03.sql": ("select *\nfrom customers\n", [(2, 6, "project.unknown_dataset", "shop.customers")]),
    "datasets/marts/a04.sql": (
        "select * from marts.a05\n",
        [(1, 15, "project.cycle", "marts.a04 → marts.a05 → marts.a04")],
    ),
    "datasets/marts/a05.sql": ("select * from marts.a04\n", []),
    "datasets/marts/a06.sql": ("select 1 as x\n", []),
    "datasets/marts/a06.py": (
        "from andon import dataset\n\n\n@dataset()\ndef a():\n    return []\n",
        [],
    ),
    "datasets/marts/Best-Customers.sql": ("select 1 as x\n", [(None, None, "project.bad_name", "best_customers")]),
    "datasets/main/x.sql": ("select 1 as x\n", [(None, None, "project.reserved_name", "main")]),
    "datasets/deep/er/x.sql": ("select 1 as x\n", [(None, None, "project.bad_name", "two levels")]),
    "datasets/marts/a07.sql": (
        "/*---\nowner: ana\nowner: ben\n---*/\nselect 1 as x\n",
        [(3, 1, "project.bad_yaml", "twice")],
    ),
    "datasets/marts/a08.sql": ("select id\nfrom shop.orders\nwhere where x\n", [(3, 7, "project.bad_sql", "where")]),
    "datasets/marts/a09.sql": ("select 1 as x;\nselect 2 as y;\n", [(2, 1, "project.two_statements", "found 2")]),
    "datasets/marts/a10.sql": ("create table x as select 1;\n", [(1, 1, "project.not_select", "CREATE")]),
    "datasets/marts/a11.sql": ("", [(None, None, "project.empty_file", "empty")]),
    "datasets/marts/a12.sql": (
        b"select 1 as x,\n  'M\xfcller' as name\n",
        [(2, 5, "project.not_utf8", "UTF-8")],
    ),
    "datasets/marts/a13.sql": (
        "select id, random() as x\nfrom shop.orders\n",
        [(1, 12, "project.refused_sql", "random")],
    ),
    "datasets/marts/a14.sql": (
        "/*---\nmaterialize: view\n---*/\nselect now() as t\n",
        [(4, 8, "project.refused_sql", "clock")],
    ),
    "datasets/marts/a15.sql": (
        "select *\nfrom read_csv('raw/orders.csv')\n",
        [(2, 6, "project.file_outside_source", "raw/orders.csv")],
    ),
    "sources/shop/a16.sql": (
        "select o.id\nfrom shop.orders o\n",
        [(2, 6, "project.source_reads_dataset", "shop.orders")],
    ),
    "datasets/marts/a17.sql": (
        "/*---\nowner: ana\nselect 1 as x\n",
        [(1, 1, "project.front_matter", "not closed")],
    ),
    "datasets/marts/a18.sql": (
        "/*---\ndescription: see /* this */\n---*/\nselect 1 as x\n",
        [(2, 18, "project.front_matter", "/*")],
    ),
    "datasets/marts/a19.sql": (
        "/*---\ntags: 5\nmaterialize: incremental\nkey: {a: b}\n---*/\nselect 1 as x\n",
        [
            (2, 7, "project.bad_value", "list of texts"),
            (3, 1, "project.bad_value", "by what"),
            (4, 6, "project.bad_value", "`key`"),
        ],
    ),
    "datasets/marts/a20.sql": (
        "select 'AKIAQZ7XW3NP5RTVK2LM' as x\n",
        [(1, 9, "project.secret", "AWS")],
    ),
    "datasets/marts/a21.py": ("def broken(:\n    pass\n", [(1, 12, "project.bad_python", "can't be read")]),
    "datasets/marts/a22.py": (
        "# /// script\n# dependencies = ['polars']\n# ///\nfrom andon import dataset, read\n\n\n"
        '@dataset(owner="ana", ower="ben")\ndef a22(x=read("shop.orders"), y=3):\n    return x\n',
        [
            (1, 1, "build.no_lock", "andon lock marts.a22"),
            (7, 23, "project.unknown_key", "owner"),
            (8, 34, "project.bad_python", "read(…)"),
        ],
    ),
    "datasets/marts/a23.py": (
        "import andon\n\n\ndef a23():\n    return []\n",
        [(4, 1, "project.bad_python", "@dataset")],
    ),
    "macros/broken.sql": (
        "create macro sum(x) as x;\ncreate table y as select 1;\n",
        [(1, 14, "project.bad_macro", "function of the engine"), (2, 8, "project.bad_macro", "CREATE MACRO")],
    ),
    "sources/shop/a24.yml": ("kind: rest\nurl: api.example.com/orders\n", [(2, 6, "project.bad_value", "https://")]),
    "insights/a25.yml": (
        "kind: qestion\nuses: [marts.revenu]\n",
        [
            (1, 1, "project.missing_key", "title"),
            (1, 7, "project.bad_value", "question"),
            (2, 8, "project.unknown_dataset", "marts.revenue"),
        ],
    ),
    "checks/a26.sql": (
        "select * from marts.nothing_like_it\n",
        [(1, 15, "project.unknown_dataset", "nothing_like_it")],
    ),
}


@pytest.fixture(scope="module")
def problems():  # type: ignore[no-untyped-def]
    return load_texts(GOOD | {path: content for path, (content, _) in MISTAKES.items()}).problems


@pytest.mark.parametrize("path", MISTAKES)
def test_each_mistake_is_reported_at_its_place(problems, path: str) -> None:
    found = [p for p in problems if p.file == path]
    expected = MISTAKES[path][1]
    if path.startswith("datasets/marts/a06."):
        return
    assert [(p.line, p.column, p.code) for p in found] == [e[:3] for e in expected], "\n".join(map(told, found))
    for problem, (line, _, code, words) in zip(found, expected, strict=True):
        assert words in f"{problem.message} {problem.hint}"
        assert problem.hint or code == "project.bad_sql" or "can't be read" in problem.message, told(problem)
        if line is not None and code != "project.secret":
            assert problem.excerpt is not None
            assert problem.excerpt.split("\n")[-1].rstrip().endswith("^")


def test_two_files_of_one_dataset(problems) -> None:  # type: ignore[no-untyped-def]
    twins = [p for p in problems if p.code == "project.duplicate_name"]
    assert len(twins) == 1
    assert "marts.a06" in twins[0].message


def test_all_in_one_report(problems) -> None:  # type: ignore[no-untyped-def]
    expected = sum(len(e) for _, e in MISTAKES.values()) + 1
    assert len(problems) == expected
    assert expected >= 30
    assert len({p.message for p in problems}) >= 30


def test_good_files_have_no_problem(problems) -> None:  # type: ignore[no-untyped-def]
    assert not [p for p in problems if p.file in GOOD]
