"""Reads replaced in a text: the rest of the text means what it did."""

from __future__ import annotations

import pytest

from andon.sql.facts import read_facts
from andon.sql.reads import replace_reads
from andon.sql.tokens import closing, statements, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from 'f.csv'", 'from T AS "f"'),
        ("from 'data/é/f.v2.csv' where f.a > 1", None),
        ("from 'f.csv' as x", "from T as x"),
        ("from 'f.csv' x", "from T x"),
        ('from "f.csv" "x y"', 'from T "x y"'),
        ("from read_csv('f.csv')", 'from T AS "read_csv"'),
        ("from read_csv('f.csv') /* c */ as x", "from T /* c */ as x"),
        ("from READ_CSV('f.csv') where read_csv.a > 1", 'from T AS "read_csv" where read_csv.a > 1'),
        ("from read_csv('f.csv') join read_csv('g.csv') g on true", 'from T AS "read_csv" join T g on true'),
        ("select * from read_csv('f.csv'), 'g.csv';", 'select * from T AS "read_csv", T AS "g";'),
        ("select (from read_csv('f.csv') limit 1)", 'select (from T AS "read_csv" limit 1)'),
        ("from read_csv('f.csv', header = true) order by a", 'from T AS "read_csv" order by a'),
        ("from read_csv('f.csv') t(a, b)", "from T t(a, b)"),
        ("from read_csv(['a.csv', 'b)(.csv'], quote = '\"', sep = $$)$$) -- )", 'from T AS "read_csv" -- )'),
    ],
)
def test_replace(text: str, expected: str | None) -> None:
    facts = read_facts([text])[0]
    assert facts.problems == ()
    assert facts.reads
    new = replace_reads(text, facts.reads, ["T"] * len(facts.reads))
    if expected is not None:
        assert new == expected
    assert read_facts([new])[0].reads == ()


@pytest.mark.parametrize(
    "text",
    [
        "select * from '{f}'",
        "select f.a from '{f}' where f.b = 'x'",
        "select f from '{f}'",
        "select read_csv.a from read_csv('{f}')",
        "select x.a, y.b from read_csv('{f}') x join '{f}' as y using (a)",
        "select n from read_csv('{f}') as x(n, m)",
        "with q as (from read_csv('{f}', header = true)) select count(*) as n from q",
        "select a from read_csv('{f}') using sample reservoir(5 rows) repeatable (1)",
        "from read_csv('{f}') pivot (count(*) for b in ('x', 'y'))",
        "select * from read_csv('{f}') semi join '{f}' using (a)",
        "select * from read_csv('{f}') asof join '{f}' q on read_csv.a >= q.a",
        "select * from read_csv('{f}') window w as (order by a)",
        "select * from '{f}' union all from '{f}' order by a, b",
        "select a from '{f}' qualify row_number() over (order by a) = 1",
    ],
)
def test_a_replaced_text_gives_the_same(text: str, tmp_path: object) -> None:
    import duckdb

    file = f"{tmp_path}/f.csv"
    with open(file, "w", encoding="utf-8") as out:  # noqa: PTH123
        out.write("a,b\n1,x\n2,y\n")
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"create schema lake; create table lake.stored as from read_csv('{file}')")
    sql = text.replace("{f}", file)
    reads = read_facts([sql])[0].reads
    before = connection.execute(sql)
    names, rows = [column[0] for column in before.description], before.fetchall()
    after = connection.execute(replace_reads(sql, reads, ["lake.stored"] * len(reads)))
    assert [column[0] for column in after.description] == names
    assert after.fetchall() == rows


def test_tokens_and_statements() -> None:
    text = "select 'a;''b', \"c;\"\"d\", $$e;$$, $x$f;$$;$x$, E'g\\';' -- h;\n/* i; /* j; */ k; */ ; \n; select 2 ;"
    assert [text[a:b] for a, b in statements(text)] == [text[: text.index(" -- h")], "select 2"]
    assert [token.kind for token in tokens("a \"b\" 'c' $$d$$ 1.5e3 :=")] == [
        "word",
        "quoted",
        "string",
        "string",
        "number",
        "mark",
    ]
    assert closing("f(a, ')', (b), [c]) x", 0) == 19
    assert closing("f(a", 0) is None
    assert statements("") == []
    assert statements("/* open") == []
