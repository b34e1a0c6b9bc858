"""Whatever stands in project files, loading reports it and never raises; every problem has a place that exists."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.cache import MemoryCache
from andon.base.hashing import digest
from andon.errors import CODES
from andon.project.load import load

GOOD = {
    "andon.toml": "# settings\n[engine]\nthreads = 4\nwide_above = '1GB'\n[people]\nana = {mail = 'a@b.c'}\n",
    "sources/shop/orders.sql": "select id, amount from read_csv('raw/*.csv', header = true) as o\n",
    "datasets/m/a.sql": (
        "/*---\ndescription: \"ä: b\"\nkey: [id, day]\ncolumns:\n  id: Number\n  day: {type: date, checks: '>= 0', pii: true}\n"
        "checks: |\n  not null id\n  # c\nrefresh: {max_age: 6h}\n---*/\n"
        "with x as (select * from shop.orders) select id, money(amount) as m from x, latest(3) -- end\n"
    ),
    "datasets/m/b.py": (
        "# /// script\n# dependencies = ['scipy>=1']\n# ///\nfrom andon import dataset, read\nimport helper\n\n\n"
        "@dataset(owner='ä', checks='''\n  a > 0\n''', columns={'a': {'pii': False}})\n"
        "def b(o=read('shop.orders'), *, a=read('m.a')):\n    return f'{o}'\n"
    ),
    "datasets/m/b.lock.txt": "# inputs: 0\nscipy==1 --hash=sha256:00\n",
    "macros/m.sql": "create macro money(a) as cast(a as decimal(18, 2)); create macro latest(n) as table select * from shop.orders;\n",
    "modules/helper.py": "from . import other\nX = 'ü'\n",
    "checks/c.sql": "/*---\nseverity: warn\nallow: 5%\n---*/ select * from m.a\n",
    "tests/t.yml": "- name: n\n  dataset: m.a\n  given:\n    shop.orders: [{id: 1, l: [1, {b: c}]}]\n"
    '  now: 2026-01-01\n  approx: {a: 1%}\n  expect: |\n    a,b\n    1,"x ""y"\n',
    "tests/data/d.csv": "a,b\n1,\n",
    "insights/i.yml": "title: What?\nuses: [m.a, m.b]\nvalue: 5\n",
    "playbooks.yml": "a: [b, {c: d}]\n",
}

PIECES = st.sampled_from(
    [
        *(
            "/*---",
            "---*/",
            "/*",
            "*/",
            "'",
            '"',
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ":",
            ": ",
            ",",
            ";",
            "\n",
            "\r\n",
            "\t",
            "  ",
            "#",
            "--",
            "`",
            "@",
        ),
        *(
            "&a",
            "*a",
            "!!x",
            "|",
            ">",
            "---",
            "%",
            "?",
            "- ",
            "\x00",
            "\x07",
            "\ufeff",
            "\ud7ff",
            "é",
            "😀",
            "\u2028",
            "\x85",
            "$1",
            "{{",
            "0x1",
            "1e999",
        ),
        *(
            "select",
            "from",
            "m.a",
            "m.b",
            "shop.orders",
            "nothing",
            "random()",
            "now()",
            "def",
            "async ",
            "return",
            "read(",
            "dataset",
            "import",
            "lambda",
        ),
        *("create macro", "as table", "union all", "pivot", "[[", "]]", "=", "''", '"""', "\\", "yes", "null", "true"),
    ]
)


@st.composite
def edited(draw: st.DrawFn) -> dict[str, bytes]:
    """The good project with some files torn: pieces put in, parts cut out, bytes changed."""
    files = {path: text.encode() for path, text in GOOD.items()}
    for path in draw(st.lists(st.sampled_from(sorted(GOOD)), min_size=1, max_size=4, unique=True)):
        text = GOOD[path]
        for _ in range(draw(st.integers(1, 4))):
            start = draw(st.integers(0, len(text)))
            end = draw(st.integers(start, min(len(text), start + 8)))
            text = text[:start] + draw(PIECES) + text[end:]
        content = text.encode()
        if draw(st.integers(0, 9)) == 0:
            at = draw(st.integers(0, len(content)))
            content = content[:at] + bytes([draw(st.integers(0, 255))]) + content[at + 1 :]
        files[path] = content
    return files


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(edited())
def test_loading_never_raises(files: dict[str, bytes]) -> None:
    project = load({path: digest(content) for path, content in files.items()}, files.__getitem__, MemoryCache())
    for problem in project.problems:
        assert problem.code in CODES
        assert problem.file in files
        assert problem.message
        if problem.line is not None:
            lines = files[problem.file].decode(errors="replace").split("\n")
            assert 1 <= problem.line <= len(lines), problem
            assert problem.column is not None
            # the end of the line is a place too
            assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1, problem
    if not project.problems:
        assert set(project.datasets) == {"shop.orders", "m.a", "m.b"}
