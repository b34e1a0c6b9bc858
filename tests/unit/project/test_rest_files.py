"""Sources in YAML: what they say is read with its place, and everything that is wrong is told where it stands."""

from __future__ import annotations

import pytest

from andon.errors import ProjectError
from andon.model.rest import Pages, Rest, Sign, Since
from andon.project.add_checks import add_checks
from andon.project.files.rest import read_rest
from andon.project.set_key import set_key
from kit.projects import load_texts

PATH = "sources/shop/orders.yml"
WHOLE = """\
# the shop's orders
kind: rest
url: https://api.example.com/v1/orders?expand=lines
auth:
  header: {name: X-Api-Key, value: "${env:SHOP_KEY}"}
params: {status: paid, limit: 10, deleted: false}
headers: {Accept-Language: en}
records: data.items
total: meta.total
pagination: {by: page, size: 100, max_pages: 7}
cursor: {field: updated_at, param: since, start: 2020-01-01}
rate_limit: 5/s
retries: 0
timeout: 12.5
hosts: [CDN.example.com, "files.example.com:8443"]
key: id
columns:
  code: {type: VARCHAR, checks: not null}
checks: rows > 0
"""


def read(text: str):
    return read_rest(PATH, text)


def test_all_keys_are_read():
    found = read(WHOLE)
    assert found.problems == ()
    assert found.said.rest == Rest(
        url="https://api.example.com/v1/orders?expand=lines",
        params=(("status", "paid"), ("limit", "10"), ("deleted", "false")),
        headers=(("Accept-Language", "en"),),
        sign=Sign("header", "${env:SHOP_KEY}", "X-Api-Key"),
        pages=Pages("page", "page", "per_page", 100, 1, most=7),
        records=("data", "items"),
        total=("meta", "total"),
        since=Since("updated_at", "since", "2020-01-01"),
        seconds_apart=0.2,
        retries=0,
        timeout=12.5,
        hosts=("cdn.example.com", "files.example.com:8443"),
        types=(("code", "VARCHAR"),),
    )
    assert [(check.text, check.line) for check in found.said.keys.checks] == [("rows > 0", 19), ("not null", 18)]


def test_how_patiently_it_is_asked_is_no_other_definition():
    """Who asks, how fast, and how many records to a page: the rows are the same."""
    before = read(WHOLE).said.normal
    for one, other in (
        ("5/s", "9/s"),
        ("12.5", "99"),
        ("size: 100", "size: 5"),
        ("SHOP_KEY", "OTHER"),
        ("# the", "# a"),
    ):
        assert read(WHOLE.replace(one, other)).said.normal == before
    for one, other in (
        ("paid", "open"),
        ("v1", "v2"),
        ("since", "after"),
        ("VARCHAR", "BIGINT"),
        ("by: page", "by: offset"),
    ):
        assert read(WHOLE.replace(one, other)).said.normal != before


WRONG = {
    "no kind": ("url: https://x.example.com\n", (1, 1), "project.missing_key", "`kind`"),
    "no url": ("kind: rest\n", (1, 1), "project.missing_key", "`url`"),
    "another kind": ("kind: soap\nurl: https://x.example.com\n", (1, 7), "project.bad_value", "`rest`"),
    "nothing": ("# later\n", (1, 1), "project.missing_key", "kind: rest"),
    "no address": ("kind: rest\nurl: api.example.com\n", (2, 6), "project.bad_value", "https://"),
    "a bad port": ("kind: rest\nurl: https://x:99999/a\n", (2, 6), "project.bad_value", "https://"),
    "an unknown key": ("kind: rest\nurl: https://x.y\npagnation: link\n", (3, 1), "project.unknown_key", "pagnation"),
    "a token": ("kind: rest\nurl: https://x.y\nauth: {bearer: abcdef}\n", (3, 16), "project.secret", "never stands"),
    "a password": (
        "kind: rest\nurl: https://x.y\nauth: {basic: {user: ana, password: hm}}\n",
        (3, 37),
        "project.secret",
        "never stands",
    ),
    "a password in the address": ("kind: rest\nurl: https://ana:x@x.y/\n", (2, 6), "project.secret", "a user"),
    "a token in the address": (
        "kind: rest\nurl: https://x.y/a?page=1&api_key=abc\n",
        (2, 6),
        "project.secret",
        "`api_key`",
    ),
    "two ways to sign": (
        'kind: rest\nurl: https://x.y\nauth: {bearer: "${env:A}", query: {}}\n',
        (3, 7),
        "project.bad_value",
        "one of",
    ),
    "a way by half": (
        "kind: rest\nurl: https://x.y\nauth: {query: {name: k}}\n",
        (3, 15),
        "project.missing_key",
        "`value`",
    ),
    "no way of paging": ("kind: rest\nurl: https://x.y\npagination: pages\n", (3, 13), "project.bad_value", "`page`"),
    "a cursor without next": (
        "kind: rest\nurl: https://x.y\npagination: {by: cursor}\n",
        (3, 13),
        "project.missing_key",
        "`next`",
    ),
    "what means nothing": (
        "kind: rest\nurl: https://x.y\npagination: {by: link, start: 4}\n",
        (3, 24),
        "project.bad_value",
        "means nothing",
    ),
    "no rate": ("kind: rest\nurl: https://x.y\nrate_limit: fast\n", (3, 13), "project.bad_value", "`fast`"),
    "no host": ("kind: rest\nurl: https://x.y\nhosts: [https://a.b/]\n", (3, 9), "project.bad_value", "names of hosts"),
    "no path": ("kind: rest\nurl: https://x.y\nrecords: data..x\n", (3, 10), "project.bad_value", "points between"),
    "a parameter twice": (
        "kind: rest\nurl: https://x.y\nparams: {page: 1}\npagination: page\n",
        (4, 1),
        "project.bad_value",
        "`page` is stated twice",
    ),
    "a list for params": ("kind: rest\nurl: https://x.y\nparams: [a]\n", (3, 9), "project.bad_value", "mapping"),
    "no seconds": ("kind: rest\nurl: https://x.y\ntimeout: 0\n", (3, 10), "project.bad_value", "seconds"),
    "half a page": (
        "kind: rest\nurl: https://x.y\npagination: {by: page, size: 0.5}\n",
        (3, 30),
        "project.bad_value",
        "whole",
    ),
    "a key for SQL": (
        "kind: rest\nurl: https://x.y\nmaterialize: view\n",
        (3, 1),
        "project.unknown_key",
        "materialize",
    ),
    "no mapping": ("- kind: rest\n", (1, 1), "project.bad_value", "key: value"),
    "no YAML": ("kind: [rest\n", (1, 7), "project.bad_yaml", "not closed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_has_its_place(name):
    text, place, code, words = WRONG[name]
    found = [p for p in read(text).problems if p.code == code and words in f"{p.message} {p.hint}"]
    assert found, read(text).problems
    assert (found[0].line, found[0].column) == place


def test_a_count_is_set_and_checks_are_added_in_place():
    made = set_key(PATH, set_key(PATH, WHOLE, "recorded", 1), "recorded", 2)
    assert made == WHOLE + "recorded: 2\n"
    assert add_checks(PATH, WHOLE, ["unique id"]) == WHOLE.replace(
        "checks: rows > 0", "checks: |\n  rows > 0\n  unique id"
    )
    plain = "kind: rest\nurl: https://x.y\n"
    assert add_checks(PATH, plain, ["unique id"]) == plain + "checks: |\n  unique id\n"
    with pytest.raises(ProjectError):
        add_checks(PATH, "{kind: rest, url: 'https://x.y'}\n", ["unique id"])


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("@source", "@source(recorded=2)"),
        ("@source()", "@source(recorded=2)"),
        ('@source(key="ä")', '@source(key="ä", recorded=2)'),
        ('@source(\n    key="id",\n)', '@source(\n    key="id", recorded=2)'),
        ('@source(recorded=1, key="id")', '@source(recorded=2, key="id")'),
    ],
)
def test_a_count_is_set_in_the_mark_of_a_source_in_python(mark, expected):
    text = "from andon import source\n\n\n{}\ndef orders(state):\n    yield {{'id': 1}}\n"
    made = set_key("sources/shop/orders.py", text.format(mark), "recorded", 2)
    assert made == text.format(expected)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("sources/shop/orders.yml", "kind: rest\nurl: https://x.y/orders\n"),
        ("sources/shop/orders.py", "from andon import source\n\n\n@source()\ndef orders():\n    yield {'id': 1}\n"),
        ("sources/shop/orders.sql", "/*---\nconnection: shop\n---*/\nselect id from orders\n"),
    ],
)
def test_a_source_that_asks_has_no_unit_test(source, text):
    found = load_texts({source: text, "tests/a.yml": "- name: t\n  dataset: shop.orders\n  expect:\n    - {id: 1}\n"})
    assert [(p.file, p.line, "can't answer in its place" in p.message) for p in found.problems] == [
        ("tests/a.yml", 2, True)
    ]
