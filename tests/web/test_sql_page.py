"""The page of SQL without a browser: what a form without scripts gets, answers line by line, and the words of a commit."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from kit.clones import Clone
from kit.serving import Client, Serving

LINES = {"Accept": "application/x-ndjson"}
PARTS = "with a as (select id from shop.orders), broken as (from nowhere), b as (select max(id) as m from a) from b"


def visit(look: Client, query: str, **headers: str) -> str:
    found = look.visit(f"/sql{query}", **headers)
    assert found.status == 200, found.data
    return found.data.decode()


def test_without_scripts_an_answer_is_a_table(look: Client) -> None:
    sql = quote(
        "select customer, amount, null as nothing, '' as empty from shop.orders where amount > $least::int order by id"
    )
    page = visit(look, f"?q={sql}&p.least=6&plain=1")
    assert re.search(r"3\s+rows", page)
    assert '<td class="mono">ada</td>' in page
    assert '<td class="mono r"><i class="muted">NULL</i></td><td class="mono"></td>' in page
    assert 'name="p.least" value="6"' in page
    assert "<noscript>" not in page


def test_without_scripts_an_address_leads_to_its_answer(look: Client) -> None:
    page = visit(look, f"?q={quote('from shop.orders')}&p.x=1&at=main~1")
    led = re.search(r'<noscript><meta http-equiv="refresh" content="0; url=([^"]+)">', page)
    assert led is not None
    assert "<table" not in page.partition("andon-sql")[2].partition("</andon-sql>")[0]
    address = led[1].replace("&amp;", "&")
    assert re.search(r"3\s+rows", visit(look, address.removeprefix("/sql").replace("&p.x=1", "")))


def test_without_scripts_a_problem_is_told_with_its_place(look: Client) -> None:
    page = visit(look, f"?q={quote('select amont from shop.orders')}&plain=1")
    assert "line 1, column 8" in page
    assert "amount" in page  # what was meant
    assert "select amont from shop.orders" in page  # and nothing that was typed is lost


def test_what_is_typed_is_text(look: Client) -> None:
    text, value = quote("</textarea><script>alert(1)</script>"), quote("{'a': '<b>'}")
    page = visit(look, f"?q={text}&p.x={value}")
    assert "<script>alert" not in page
    assert "'<b>'" not in page


def test_a_saved_query_opens_by_its_name(own: tuple[Clone, Serving]) -> None:
    clone, serving = own
    clone.write(
        "queries/large.sql",
        "/*---\nparameters: {least: {type: INTEGER, default: '9'}}\n---*/\nfrom shop.orders where amount > $least\n",
    )
    clone.run()
    look = serving.client()
    page = visit(look, "?saved=large")
    assert "from shop.orders where amount &gt; $least" in page
    assert 'name="p.least" value="9"' in page
    assert look.visit("/sql?saved=nope").status == 404


def test_rows_come_line_by_line_with_all_their_digits(look: Client) -> None:
    sql = (
        "select 9007199254740993::bigint as long, 9007199254740991::bigint as short, 0.10::decimal(9,2) as amount, 'nan'::double as none,"
        " null as nothing, '' as empty, timestamptz '2026-11-01 06:00:00+02' as moment, {'a': [1.50::decimal(3,2)]} as nested"
    )
    head, rows, ending = map(json.loads, look.post("/queries", {"sql": sql}, **LINES).data.splitlines())
    assert head["types"][:3] == ["BIGINT", "BIGINT", "DECIMAL(9,2)"]
    assert rows == [
        ["9007199254740993", 9007199254740991, "0.10", "nan", None, "", "2026-11-01 04:00:00+00", {"a": ["1.50"]}]
    ]
    assert (ending["rows"], ending["truncated"], ending["notes"]) == (1, False, [])


def test_the_first_rows_are_sent_before_the_others(look: Client) -> None:
    found = look.post("/queries", {"sql": "from range(5000)", "limit": 4000}, **LINES).data.splitlines()
    counts = [len(each) for each in map(json.loads, found[1:-1])]
    assert counts[0] < counts[1]
    assert sum(counts) == 4000
    assert json.loads(found[-1])["truncated"]


def test_what_goes_wrong_among_the_rows_is_the_last_line(look: Client) -> None:
    sql = "select case when i < 190000 then i else error('too far') end as v from range(200000) r(i)"
    *_, last = look.post("/queries", {"sql": sql}, **LINES).data.splitlines()
    assert "too far" in json.loads(last)["problem"]["detail"]


def test_one_part_is_asked_with_what_it_needs(look: Client) -> None:
    assert look.post("/queries", {"sql": PARTS, "part": "b"}).document["rows"] == [[4]]
    assert look.get(f"/queries?sql={quote(PARTS)}&part=b&format=csv").data.decode().split() == ["m", "4"]
    missing = look.post("/queries", {"sql": PARTS, "part": "c"})
    assert missing.code == "usage.bad_argument"
    assert "broken" in missing.document["hint"]
    places = look.post(
        "/queries", {"sql": "with a as (select 1),\n b as (select x from a) from a", "part": "b"}
    ).document["problems"]
    assert (places[0]["line"], places[0]["column"]) == (2, 15)


def test_what_a_text_is_made_of(look: Client) -> None:
    found = look.post("/queries/outline", {"sql": PARTS + " where m > $least and m < $most and '$no' <> ''"}).document
    assert [(cte["name"], cte["needs"]) for cte in found["ctes"]] == [("a", []), ("broken", []), ("b", ["a"])]
    assert found["parameters"] == ["least", "most"]
    assert look.post("/queries/outline", {"sql": "with a as (select"}).document == {"ctes": [], "parameters": []}
    assert (
        look.post("/queries/outline", {"sql": "with a as (select 1) select * fro $x"}).document["ctes"][0]["end"] == 20
    )


def test_words_are_sent_once_for_a_commit(look: Client) -> None:
    found = look.get("/completion")
    tables = {table["name"]: [column["name"] for column in table["columns"]] for table in found.document["tables"]}
    assert tables["shop.orders"] == ["id", "customer", "amount"]
    assert look.get("/completion", **{"If-None-Match": found.headers["ETag"]}).status == 304
    assert look.get("/completion?at=main~1", **{"If-None-Match": found.headers["ETag"]}).status == 200
    words = look.get("/completion/words").document
    names = {function["name"] for function in words["functions"]}
    assert {"date_trunc", "sum", "list_transform"} <= names
    assert names.isdisjoint(("read_csv", "pg_sleep", "getenv"))  # no question may call them


def test_references_are_known_by_checks_and_by_names(own: tuple[Clone, Serving]) -> None:
    clone, serving = own
    clone.write("datasets/marts/people.sql", "/*---\nkey: customer\n---*/\nselect distinct customer from shop.orders\n")
    clone.write(
        "datasets/marts/visits.sql",
        "/*---\nchecks: who -> marts.people\n---*/\nselect customer as who, id from shop.orders\n",
    )
    clone.run()
    found = serving.client().get("/completion").document["references"]
    assert found[0] == {
        "dataset": "marts.visits",
        "columns": ["who"],
        "other": "marts.people",
        "targets": ["customer"],
        "declared": True,
    }
    assert ("marts.totals", "marts.people", False) in [(f["dataset"], f["other"], f["declared"]) for f in found]


def test_past_questions_are_one_line_for_all_their_values(own: tuple[Clone, Serving]) -> None:
    look = own[1].client()
    for least in (1, 2, 3):
        look.post("/queries", {"sql": f"from shop.orders where amount > {least}"})
    look.post("/queries", {"sql": "select nope"})
    part = visit(look, "", **{"HX-Request": "true", "HX-Target": "div#history-list"})
    assert part.lstrip().startswith("<h3>Yours")
    assert "3 times" in part
    assert "<html" not in part


def test_what_is_known_of_what_was_read_comes_with_the_answer(own: tuple[Clone, Serving]) -> None:
    clone, serving = own
    clone.write(
        "datasets/marts/odd.sql",
        "/*---\ncaveats: [Half of it is guessed.]\nchecks: rows 100.. warn\n---*/\nselect count(*) as n from shop.orders\n",
    )
    clone.run()
    notes = serving.client().post("/queries", {"sql": "from marts.odd"}).document["notes"]
    assert [(note["kind"], note["dataset"]) for note in notes] == [("check", "marts.odd"), ("caveat", "marts.odd")]
    page = visit(serving.client(), "?q=from+marts.odd&plain=1")
    assert "Half of it is guessed." in page
    assert "notes" not in serving.client().post("/queries", {"sql": "from shop.orders"}).document
