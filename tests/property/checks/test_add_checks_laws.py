"""Adding checks to a file keeps every line that was there, in its order; the file then says what it said, and the new lines."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.errors import ProjectError
from andon.project.add_checks import add_checks
from andon.project.files.front_matter import read_front_matter
from andon.project.files.python import read_python_dataset

LINES = st.lists(
    st.sampled_from(
        [r"code matches '\d+\s'", "a in x, 'y: z'", "name: rows > 0", "key a, b", "s in 'ü', '# no'", "a -> b.c", "x is email allow 1%"]
    ),
    min_size=1,
    max_size=3,
    unique=True,
)  # fmt: skip
CHECKS = st.sampled_from(
    [
        [],
        ["checks: |", "  a > 0", "", "  # why", "  b > 0  # so"],
        ["checks: |", "      a > 0"],
        ["checks: |-", "  a > 0", "  b > 0"],
        ["checks: >", "  a > 0"],
        ["checks: a > 0"],
        ["checks: 'a > 0'"],
        ["checks:", "- a > 0", "- |", "  b > 0", "  c > 0"],
        ["checks:", "  - a > 0", "  # last", '  - "b > 0"'],
        ["checks: [a > 0, b > 0]"],
        ["checks: []"],
        ["checks: [a > 0,", "  b > 0]"],
    ]
)
OTHERS = st.permutations(
    [
        ["owner: ana   # she knows", ""],
        ["# a comment of its own"],
        ["columns:", "  a: {description: 'An a', checks: '> 0'}", "  b: |", "    Two", "    lines"],
        ["caveats: [old]"],
    ]
)
SQL = ["select 1 as a, -- one", "  2 as b  /* two */"]


def subsequence(lines: list[str], of: list[str]) -> bool:
    left = iter(of)
    return all(any(line == other for other in left) for line in lines)


@settings(max_examples=150, deadline=None)
@given(CHECKS, OTHERS, st.integers(0, 4), LINES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_sql(checks, others, place, lines, end, has_front_matter):
    blocks = [*others[:place], checks, *others[place:]]
    front = ["/*---", *(line for block in blocks for line in block), "---*/"] if has_front_matter else []
    text = end.join([*front, *SQL, ""])
    before = read_front_matter(text, "a.sql")
    try:
        made = add_checks("datasets/a/b.sql", text, lines)
    except ProjectError:
        return
    after = read_front_matter(made, "a.sql")
    assert not after.flaws
    assert {k: v for k, v in after.values.items() if k != "checks"} == {
        k: v for k, v in before.values.items() if k != "checks"
    }
    old = [one.text for one in before.get("checks", ())]
    new = [one.text for one in after.get("checks", ())]
    assert sorted(new) == sorted([*old, *lines])
    rewritten = {"checks: a > 0", "checks: 'a > 0'", *(line for line in checks if line.startswith("checks: ["))}
    # an empty line at the end of the front matter may go
    assert subsequence([line for line in text.split(end) if line and line not in rewritten], made.split(end))
    assert ("\r\n" in made) == (end == "\r\n")
    assert not made.replace("\r\n", "").count("\r")
    assert made.replace("\r\n", "").count("\n") == (0 if end == "\r\n" else made.count("\n"))


GIVEN = st.sampled_from(
    [
        "@dataset",
        "@dataset()",
        "@dataset(  )",
        "@dataset(owner='é',)",
        "@dataset(\n    owner='ana',  # (she knows)\n)",
        "@dataset(checks='a > 0')",
        '@dataset(owner="ü", checks="a > 0\\nb > 0")',
        "@dataset(checks=('a > 0'\n  '\\nb > 0'))",
        "@dataset(checks=['a > 0', 'b > 0'])",
        "@dataset(checks=(\n    'a > 0',  # one\n))",
        "@dataset(checks=[])",
        '@dataset(checks="""a > 0""")',
        '@dataset(checks="""\n    a > 0\n""", owner="ana")',
        "@dataset(checks=r'''\n    a > 0\n    b matches '\\d'\n    ''')",
        "@dataset(\n    key='a',\n    checks='''\n        a > 0\n    ''',\n)",
        "@dataset(checks=LINES)",
        "@dataset(checks='''a > 0\\\n''')",
    ]
)


@settings(max_examples=150, deadline=None)
@given(GIVEN, LINES, st.sampled_from(["\n", "\r\n"]))
def test_python(decorator, lines, end):
    text = f"from andon import dataset, read\n\n\n{decorator}\ndef b(orders=read('a.c')):\n    return orders  # all\n"
    text = text.replace("\n", end)
    path = "datasets/a/b.py"
    try:
        made = add_checks(path, text, lines)
    except ProjectError:
        return
    before, after = read_python_dataset(path, text).said, read_python_dataset(path, made).said
    old, new = ([one.text for one in said.keys.checks] for said in (before, after))
    assert sorted(new) == sorted([*old, *lines])
    assert before.normal == after.normal
    tail = text.partition("def b")[2]
    assert made.endswith(tail)
    assert after.keys.owner == before.keys.owner
