import pytest

from andon.errors import UsageError
from andon.project.select import Selectable, select

AMONG = Selectable(
    {"raw.a": [], "raw.b": [], "mart.c": ["raw.a", "raw.b"], "mart.d": ["mart.c"], "mart.e": ["mart.d"]},
    tags={"mart.d": ("daily",), "raw.a": ("daily",)},
    owners={"mart.e": "ana"},
    paths={
        "raw.a": ("sources/raw/a.sql",),
        "mart.c": ("datasets/mart/c.sql",),
        "mart.d": ("datasets/mart/d.py", "datasets/mart/d.lock.txt"),
        "mart.e": ("datasets/marts_old/e.sql",),
    },
    made_with={
        "raw.a": ("sources/raw/a.sql", "raw/a_*.csv"),
        "raw.b": ("raw/**/b.csv",),
        "mart.c": ("datasets/mart/c.sql", "macros/money.sql"),
        "mart.e": ("macros/money.sql",),
    },
    changed=frozenset({"mart.c"}),
)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([], "abcde"),
        (["mart.c"], "c"),
        (["c"], "c"),
        (["+mart.c"], "abc"),
        (["mart.c+"], "cde"),
        (["mart.c+1"], "cd"),
        (["1+mart.e"], "de"),
        (["+mart.d+"], "abcde"),
        (["raw.*"], "ab"),
        (["mart"], "cde"),
        (["tag:daily"], "ad"),
        (["tag:daily,raw.*"], "a"),
        (["state:changed+"], "cde"),
        (["owner:ana"], "e"),
        (["path:datasets/mart"], "cd"),
        (["path:datasets/mart/"], "cd"),
        (["path:./datasets/mart"], "cd"),
        (["path:datasets/mart*"], "cde"),
        (["path:datasets"], "cde"),
        (["datasets/mart/c.sql"], "c"),
        (["datasets/mart/d.lock.txt"], "d"),
        (["datasets/marts_old/"], "e"),
        (["raw/a_05.csv"], "a"),
        (["raw/2026/05/b.csv"], "b"),
        (["raw/a_05.csv+1"], "ac"),
        (["macros/money.sql"], "ce"),
        (["+datasets/mart/c.sql"], "abc"),
        (["state:changed,tag:daily"], ""),
        (["raw.a", "mart.e"], "ae"),
        (["mart.*", "!mart.d"], "ce"),
    ],
)
def test_selects_what_dbt_users_expect(terms, expected):
    assert {name[-1] for name in select(terms, AMONG)} == set(expected)


def test_excludes():
    assert select([], AMONG, ["raw.*", "mart.e"]) == {"mart.c", "mart.d"}


@pytest.mark.parametrize(
    ("term", "hint"),
    [
        ("mart.x", "did you mean `mart."),
        ("MART.C", "did you mean `mart.c`?"),
        ("nothing", "`andon ls` lists all datasets"),
        ("mrat.*", "did you mean `mart.*`?"),
        ("mrat", "did you mean `mart.*`?"),
        ("tags:daily", "did you mean `tag:daily`?"),
        ("tag:dayly", "did you mean `daily`?"),
        ("tag:x", "tags are `daily`"),
        ("owner:Ana", "did you mean `ana`?"),
        ("path:datasets/mar", "did you mean `datasets/mart`?"),
        ("datasets/mart/x.sql", "did you mean `datasets/mart/c.sql`?"),
        ("raw/x/a_05.csv", "folders are"),
        ("raw/xb.csv", "folders are"),
        ("path:macros", "folders are `datasets`, `datasets/mart`, `datasets/marts_old`, `sources`, `sources/raw`"),
        ("state:changd", "the state to select by is `state:changed`"),
        ("raw.a,mart.e", "for what any of them names, write blanks: `raw.a mart.e`"),
        ("tag:daily,owner:ana", "for what any of them names, write blanks: `tag:daily owner:ana`"),
        (",", "use `schema.name`"),
        ("+", "use `schema.name`"),
        ("", "use `schema.name`"),
    ],
)
def test_a_term_that_selects_nothing_is_an_error_with_the_nearest_name(term, hint):
    for arguments in ([term], AMONG), (["mart.*", f"!{term}"], AMONG), ([], AMONG, [term]):
        with pytest.raises(UsageError) as caught:
            select(*arguments)
        assert caught.value.hint.startswith(hint)


def test_a_selection_that_is_excluded_again_is_an_error():
    for arguments in (["mart.c"], AMONG, ["mart"]), (["raw.a", "!raw"], AMONG), ([], AMONG, ["raw", "mart"]):
        with pytest.raises(UsageError, match="excluded again"):
            select(*arguments)
    assert select(["state:changed"], AMONG, ["mart"]) == set()  # what changed may well be nothing


def test_a_state_is_no_name_where_nothing_is_compared():
    with pytest.raises(UsageError, match="no folder is compared"):
        select(["state:changed"], Selectable({"a.b": []}))


def test_a_dataset_may_be_named_like_a_file():
    among = Selectable({"a.py": [], "b.sql": ["a.py"]}, paths={"a.py": ["datasets/a/py.sql"]})
    assert select(["a.py"], among) == {"a.py"}
    assert select(["a.py+"], among) == {"a.py", "b.sql"}
