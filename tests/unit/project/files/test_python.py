"""Python datasets are read without running them."""

from __future__ import annotations

import pytest

from andon.model.dataset import CheckLine, Kind, Materialize
from andon.project.files.nodes import Flawed
from andon.project.files.packages import lock_inputs
from andon.project.files.tokens import normal_tokens
from kit.projects import SOURCE, load_texts, one_problem, told

PATH = "datasets/marts/a.py"
HEAD = "from andon import dataset, read\n"

FULL = '''# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "scipy>=1.11",
#   "polars",
# ]
# ///
"""What it is for."""
from andon import dataset, read
import helper


def another(x):
    return x


@dataset(
    owner="ben",
    key=["customer_id", "day"],
    columns={"alive": "Probability", "day": {"description": "Day", "checks": "not null", "pii": False}},
    checks="""
        alive 0..1
        # a comment
        rows > 0
    """,
    caveats=("one", "two"),
    timeout=60 ,
)
def predictions(orders=read("shop.orders"), again=read("shop.orders"), *, other=read("marts.b")):
    # what counts
    return f"{orders}"
'''


def full(text: str = FULL, lock: str | None = "") -> dict[str, str]:
    made = f"# inputs: {lock_inputs(text).digest}\n# made by: andon lock marts.a\npolars==1 \\\n  --hash=sha256:00\n"
    files = SOURCE | {
        PATH: text,
        "datasets/marts/b.sql": "select 1 as x",
        "modules/helper.py": "from pkg import sub\n",
        "modules/pkg/__init__.py": "",
        "modules/pkg/sub.py": "from . import leaf\n",
        "modules/pkg/leaf.py": "X = 1\n",
        "modules/unused.py": "Y = 1\n",
    }
    return files if lock is None else files | {"datasets/marts/a.lock.txt": made + lock}


def test_everything_that_can_be_said() -> None:
    project = load_texts(full())
    assert not project.problems, [told(p) for p in project.problems]
    dataset = project.datasets["marts.a"]
    definition = dataset.definition
    assert definition.kind is Kind.PYTHON
    assert definition.materialize is Materialize.TABLE
    assert definition.function == "predictions"
    assert definition.parameters == (("orders", "shop.orders"), ("again", "shop.orders"), ("other", "marts.b"))
    assert definition.inputs == ("marts.b", "shop.orders")
    assert definition.key == ("customer_id", "day")
    assert definition.timeout == 60
    assert definition.lock == "datasets/marts/a.lock.txt"
    assert [path for path, _ in definition.uses] == [
        "datasets/marts/a.lock.txt",
        "modules/helper.py",
        "modules/pkg/__init__.py",
        "modules/pkg/leaf.py",
        "modules/pkg/sub.py",
    ]
    assert {path for path, _ in definition.files} == {PATH} | {path for path, _ in definition.uses}
    assert [path for path, _ in dataset.own_files] == ["datasets/marts/a.lock.txt", PATH]
    assert "modules/unused.py" in project.shared
    assert "datasets/marts/a.lock.txt" not in project.shared
    assert [each.text for each in dataset.caveats] == ["one", "two"]
    assert dataset.checks == (
        CheckLine("alive 0..1", PATH, 22, 9),
        CheckLine("rows > 0", PATH, 24, 9),
        CheckLine("not null", PATH, 20, 78, "day"),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# what counts", "# something else"),
        ('owner="ben"', 'owner="ana", description="x"'),
        ("alive 0..1", "alive 0..2"),
        ("\n\n\ndef another(x):\n    return x", "\n\ndef another( x ):\n  return x  # same"),
        ('# requires-python = ">=3.11"\n', '# requires-python = ">=3.11"\n#\n'),
        ("timeout=60 ,", "timeout=70"),
    ],
)
def test_what_does_not_change_the_definition(old: str, new: str) -> None:
    assert old in FULL
    first = load_texts(full()).datasets["marts.a"].definition
    second = load_texts(full(FULL.replace(old, new))).datasets["marts.a"].definition
    assert first.id == second.id


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return x", "return x + 1"),
        ('key=["customer_id", "day"]', 'key="day"'),
        ('f"{orders}"', 'f"{ orders }!"'),
        ('read("marts.b")', 'read("shop.orders")'),
        ("def another", "def other"),
    ],
)
def test_what_changes_the_definition(old: str, new: str) -> None:
    assert old in FULL
    first = load_texts(full()).datasets["marts.a"].definition
    second = load_texts(full(FULL.replace(old, new))).datasets["marts.a"].definition
    assert first.id != second.id


def test_modules_and_the_lock_are_part_of_the_definition() -> None:
    first = load_texts(full()).datasets["marts.a"].definition.id
    assert load_texts(full() | {"modules/pkg/leaf.py": "X = 2\n"}).datasets["marts.a"].definition.id != first
    assert load_texts(full() | {"modules/pkg/leaf.py": "X = 1  # same\n"}).datasets["marts.a"].definition.id == first
    assert load_texts(full() | {"modules/unused.py": "Y = 2\n"}).datasets["marts.a"].definition.id == first
    assert load_texts(full(lock="scipy==2\n")).datasets["marts.a"].definition.id != first
    assert load_texts(full(lock="# a comment\n")).datasets["marts.a"].definition.id == first


def test_missing_and_stale_locks() -> None:
    problem = one_problem(full(lock=None))
    assert (problem.code, problem.where) == ("build.no_lock", f"{PATH}:1:1")
    assert problem.hint is not None
    assert "andon lock marts.a" in problem.hint
    stale = full() | {PATH: FULL.replace('"polars"', '"pandas"')}
    problem = one_problem(stale)
    assert (problem.code, problem.file) == ("build.stale_lock", "datasets/marts/a.lock.txt")


@pytest.mark.parametrize(
    "imports",
    [
        "import andon\n\n@andon.dataset()\ndef a(o=andon.read('shop.orders')): ...",
        "import andon as an\n\n@an.dataset\ndef a(o=an.read('shop.orders')): ...",
        "from andon import dataset as d, read as r\n\n@d()\ndef a(o=r('shop.orders')): ...",
    ],
)
def test_andon_under_other_names(imports: str) -> None:
    project = load_texts(SOURCE | {PATH: imports})
    assert not project.problems
    assert project.datasets["marts.a"].definition.inputs == ("shop.orders",)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("x = (\n", "1:5", "never closed"),
        ("X = 1\n", None, "no function"),
        (HEAD + "def a():\n  return 1\n", "2:1", "no function"),
        ("@dataset()\ndef a():\n  return 1\n", "1:2", "not imported"),
        (HEAD + "@dataset()\nasync def a():\n  return 1\n", "3:1", "async"),
        (HEAD + "@dataset()\ndef a(): ...\n@dataset()\ndef b(): ...\n", "5:1", "second dataset"),
        (HEAD + "@dataset('x')\ndef a(): ...\n", "2:10", "by name"),
        (HEAD + "@dataset(**X)\ndef a(): ...\n", "2:12", "computed"),
        (HEAD + "@dataset(owner=X)\ndef a(): ...\n", "2:16", "written out"),
        (HEAD + "@dataset(tags=['a', f'b'])\ndef a(): ...\n", "2:21", "written out"),
        (HEAD + "@dataset(ownr='é')\ndef a(): ...\n", "2:10", "`owner`?"),
        (HEAD + "@dataset(owner=5)\ndef a(): ...\n", "2:16", "number 5"),
        (HEAD + "@dataset(columns={'a': 'b', 'a': 'c'})\ndef a(): ...\n", "2:29", "twice"),
        (HEAD + "@dataset(columns={X: 'b'})\ndef a(): ...\n", "2:19", "must be texts"),
        (HEAD + "@dataset(materialize='view')\ndef a(): ...\n", "2:10", "always a table"),
        (HEAD + "@dataset()\ndef a(o): ...\n", "3:7", 'o=read("schema.name")'),
        (HEAD + "@dataset()\ndef a(o=1): ...\n", "3:9", "not `read"),
        (HEAD + "@dataset()\ndef a(o=read(X)): ...\n", "3:9", "one text"),
        (HEAD + "@dataset()\ndef a(o=read('shop.oders')): ...\n", "3:14", "`shop.orders`?"),
        (HEAD + "@dataset()\ndef a(*o): ...\n", "3:8", "any number"),
        (HEAD + "@dataset()\ndef a(**o): ...\n", "3:9", "any number"),
        (HEAD + "@dataset()\ndef a(o=read('shop.orders'), /): ...\n", "3:7", "by name"),
        ("# /// script\n# dependencies = [x]\n# ///\n" + HEAD + "@dataset()\ndef a(): ...\n", "2:19", "not TOML"),
        ("# /// script\n# dependencies = 'x'\n# ///\n" + HEAD + "@dataset()\ndef a(): ...\n", "2:1", "list"),
        ("# /// script\n# dependencies = ['a b']\n# ///\n" + HEAD + "@dataset()\ndef a(): ...\n", "2:1", "`a b`"),
        ("# /// script\n# dependencies = []\n" + HEAD + "@dataset()\ndef a(): ...\n", "1:1", "not closed"),
    ],
)
def test_what_can_be_wrong(text: str, place: str | None, words: str) -> None:
    problem = one_problem(SOURCE | {PATH: text})
    assert place is None or problem.where == f"{PATH}:{place}"
    assert words in f"{problem.message} {problem.hint}"


def test_modules_with_problems() -> None:
    assert one_problem({"modules/a.py": "def f(:\n"}).code == "project.bad_python"
    assert "finds first" in one_problem({"modules/json.py": "X = 1\n"}).message


def test_script_metadata() -> None:
    inputs = lock_inputs(
        '# /// script\r\n# dependencies = ["b", "a", "b"]\r\n# requires-python = ">=3.12"\r\n# ///\r\n'
    )
    assert inputs.dependencies == ("a", "b")
    assert inputs.requires_python == ">=3.12"
    assert lock_inputs("X = 1\n").dependencies == ()
    assert lock_inputs("# /// other\n# x\n# ///\n").dependencies == ()


def test_tokens_ignore_layout_only() -> None:
    assert normal_tokens("def f( a ):\n\n  # c\n  return (a,\n 1)\n") == normal_tokens(
        "def f(a):\n        return (a, 1)\r\n"
    )
    assert normal_tokens("if a:\n  b\n  c\n") != normal_tokens("if a:\n  b\nc\n")
    assert normal_tokens("f'{a}'\n") != normal_tokens("f'{ a }'\n")
    assert normal_tokens("x = 'a # b'\n") != normal_tokens("x = 'a'\n")


@pytest.mark.parametrize(
    "line", ["evil @ file:///tmp/evil", "-r more.txt", "--index-url https://example.org", "-e .", "a==1"]
)
def test_a_lock_that_holds_more_than_pins_is_refused_at_its_line(line: str) -> None:
    files = full(lock=line + "\n")
    problems = [p for p in load_texts(files).problems if p.code == "build.bad_lock"]
    assert [(p.file, p.line) for p in problems] == [("datasets/marts/a.lock.txt", 5)]
    assert problems[0].hint


@pytest.mark.parametrize(
    "dependency",
    [
        "evil @ file:///tmp/evil",
        "evil@https://x/e.whl",
        "-r more.txt",
        "--index-url https://x",
        "./evil",
        "a>=1\\n-r x",
        "a==1 -r x",
    ],
)
def test_packages_come_from_the_index_only(dependency: str) -> None:
    text = f'# /// script\n# dependencies = ["{dependency}"]\n# ///\n'
    with pytest.raises(Flawed):
        lock_inputs(text)


@pytest.mark.parametrize(
    "dependency",
    [
        "scipy",
        "scipy>=1.11",
        "scipy >=1.11, <2",
        "scipy (>=1)",
        "scipy[a,b]~=1.0 ; python_version < '3.12'",
        "a===1",
        "a==1.*",
    ],
)
def test_packages_with_versions_are_taken(dependency: str) -> None:
    assert lock_inputs(f'# /// script\n# dependencies = ["{dependency}"]\n# ///\n').dependencies == (dependency,)
