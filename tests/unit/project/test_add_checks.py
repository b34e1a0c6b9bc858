"""Adding lines to the checks of a file: what it looks like afterwards, and what is refused."""

from __future__ import annotations

import pytest

from andon.errors import ProjectError
from andon.project.add_checks import add_checks

SQL = "select 1 as a\n"
LINES = ["key a", "b in x, 'y z'"]

CASES = {
    "no front matter": (SQL, "/*---\nchecks: |\n  key a\n  b in x, 'y z'\n---*/\n" + SQL),
    "comments first": (
        "-- old file\nselect 1 as a\n",
        "/*---\nchecks: |\n  key a\n  b in x, 'y z'\n---*/\n-- old file\nselect 1 as a\n",
    ),
    "no checks": (
        "/*---\nowner: ana  # she knows\ntags: [a,   b]\n---*/\n" + SQL,
        "/*---\nowner: ana  # she knows\ntags: [a,   b]\nchecks: |\n  key a\n  b in x, 'y z'\n---*/\n" + SQL,
    ),
    "empty front matter": ("/*---\n---*/\n" + SQL, "/*---\nchecks: |\n  key a\n  b in x, 'y z'\n---*/\n" + SQL),
    "one line": (
        "/*--- owner: ana ---*/\n" + SQL,
        "/*--- owner: ana\n      checks: |\n        key a\n        b in x, 'y z'\n---*/\n" + SQL,
    ),
    "a block": (
        "/*---\nchecks: |\n    rows > 0   # not empty\n\n    # the rest\n    a > 0\n\ncaveats: [old]\n---*/\n" + SQL,
        "/*---\nchecks: |\n    rows > 0   # not empty\n\n    # the rest\n    a > 0\n    key a\n    b in x, 'y z'\n\ncaveats: [old]\n---*/\n"
        + SQL,
    ),
    "a block at the end": (
        "/*---\nchecks: |\n  rows > 0\n---*/\n" + SQL,
        "/*---\nchecks: |\n  rows > 0\n  key a\n  b in x, 'y z'\n---*/\n" + SQL,
    ),
    "checks of a column": (
        "/*---\ncolumns:\n  a: {description: An a, checks: '> 0'}\n---*/\n" + SQL,
        "/*---\ncolumns:\n  a: {description: An a, checks: '> 0'}\nchecks: |\n  key a\n  b in x, 'y z'\n---*/\n" + SQL,
    ),
    "a plain line": (
        "/*---\nchecks: rows > 0\nowner: ana\n---*/\n" + SQL,
        "/*---\nchecks: |\n  rows > 0\n  key a\n  b in x, 'y z'\nowner: ana\n---*/\n" + SQL,
    ),
    "a quoted line": (
        '/*---\nchecks: "rows > 0"\n---*/\n' + SQL,
        "/*---\nchecks: |\n  rows > 0\n  key a\n  b in x, 'y z'\n---*/\n" + SQL,
    ),
    "a list": (
        "/*---\nchecks:\n  - rows > 0  # some\n  - 'a > 0'\nowner: ana\n---*/\n" + SQL,
        "/*---\nchecks:\n  - rows > 0  # some\n  - 'a > 0'\n  - \"key a\"\n  - \"b in x, 'y z'\"\nowner: ana\n---*/\n"
        + SQL,
    ),
    "a list in brackets": (
        "/*---\nchecks: [rows > 0, a > 0]\n---*/\n" + SQL,
        '/*---\nchecks: ["key a", "b in x, \'y z\'", rows > 0, a > 0]\n---*/\n' + SQL,
    ),
    "other line ends": (
        "/*---\r\nchecks: |\r\n  rows > 0\r\n---*/\r\nselect 1 as a\r\n",
        "/*---\r\nchecks: |\r\n  rows > 0\r\n  key a\r\n  b in x, 'y z'\r\n---*/\r\nselect 1 as a\r\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_sql(name):
    text, expected = CASES[name]
    assert add_checks("datasets/marts/a.sql", text, LINES) == expected


def test_a_second_time_adds_after_the_first():
    once = add_checks("datasets/marts/a.sql", SQL, ["key a"])
    assert add_checks("datasets/marts/a.sql", once, ["a > 0"]) == (
        "/*---\nchecks: |\n  key a\n  a > 0\n---*/\nselect 1 as a\n"
    )


def test_nothing_changes_nothing():
    assert add_checks("datasets/marts/a.sql", SQL, []) == SQL


HEAD = "from andon import dataset, read\n\n\n"
BODY = 'def a(orders=read("shop.orders")):\n    return orders\n'
PYTHON = {
    "no brackets": ("@dataset\n", '@dataset(checks="""\n    key a\n    b in x, \'y z\'\n""")\n'),
    "no arguments": ("@dataset()\n", '@dataset(checks="""\n    key a\n    b in x, \'y z\'\n""")\n'),
    "others": (
        '@dataset(owner="bén", key="a")  # ours\n',
        '@dataset(owner="bén", key="a", checks="""\n    key a\n    b in x, \'y z\'\n""")  # ours\n',
    ),
    "others, one to a line": (
        '@dataset(\n    owner="ana",  # she knows\n    key="a",\n)\n',
        '@dataset(\n    owner="ana",  # she knows\n    key="a",\n    checks="""\n        key a\n        b in x, \'y z\'\n    """,\n)\n',
    ),
    "one line": (
        '@dataset(checks="a > 0", owner="ana")\n',
        '@dataset(checks=[\n    "a > 0",\n    "key a",\n    "b in x, \'y z\'",\n], owner="ana")\n',
    ),
    "a block": (
        '@dataset(owner="é", checks="""\n    a > 0\n    # more\n""")\n',
        '@dataset(owner="é", checks="""\n    a > 0\n    # more\n    key a\n    b in x, \'y z\'\n""")\n',
    ),
    "a block that begins at once": (
        '@dataset(checks="""a > 0\n  rows > 0""")\n',
        '@dataset(checks="""a > 0\n  rows > 0\n  key a\n  b in x, \'y z\'\n""")\n',
    ),
    "a list": (
        '@dataset(checks=["a > 0"])\n',
        '@dataset(checks=["a > 0", "key a", "b in x, \'y z\'"])\n',
    ),
    "a list, one to a line": (
        '@dataset(checks=[\n    "a > 0",\n    "rows > 0",  # some\n])\n',
        '@dataset(checks=[\n    "a > 0",\n    "rows > 0",\n    "key a",\n    "b in x, \'y z\'",  # some\n])\n',
    ),
    "an empty list": ("@dataset(checks=[])\n", '@dataset(checks=["key a", "b in x, \'y z\'",])\n'),
}


@pytest.mark.parametrize("name", PYTHON)
def test_python(name):
    given, expected = PYTHON[name]
    assert add_checks("datasets/marts/a.py", HEAD + given + BODY, LINES) == HEAD + expected + BODY


def test_a_backslash_stays_one():
    text = HEAD + '@dataset(checks="""\n    a > 0\n""")\n' + BODY
    made = add_checks("datasets/marts/a.py", text, [r"code matches '\d+'"])
    assert r"code matches '\\d+'" in made
    raw = text.replace('checks="""', 'checks=r"""')
    assert r"code matches '\d+'" in add_checks("datasets/marts/a.py", raw, [r"code matches '\d+'"])


REFUSED = {
    "folded": ("datasets/marts/a.sql", "/*---\nchecks: >\n  rows\n  > 0\n---*/\n" + SQL),
    "in braces": ("datasets/marts/a.sql", "/*---\n{owner: ana}\n---*/\n" + SQL),
    "a comment after it": ("datasets/marts/a.sql", "/*---\nchecks: rows > 0  # some\n---*/\n" + SQL),
    "bad YAML": ("datasets/marts/a.sql", "/*---\nowner: [ana\n---*/\n" + SQL),
    "not closed": ("datasets/marts/a.sql", "/*---\nowner: ana\n" + SQL),
    "another kind of file": ("insights/a.toml", "owner = 1\n"),
    "computed": ("datasets/marts/a.py", HEAD + "CHECKS = 'a > 0'\n\n\n@dataset(checks=CHECKS)\n" + BODY),
    "no dataset": ("datasets/marts/a.py", "x = 1\n"),
    "bad Python": ("datasets/marts/a.py", "def (\n"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_added_to_is_refused(name):
    path, text = REFUSED[name]
    with pytest.raises(ProjectError) as raised:
        add_checks(path, text, LINES)
    assert raised.value.where
