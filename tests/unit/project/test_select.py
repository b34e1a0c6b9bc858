import pytest

from andon.errors import UsageError
from andon.project.select import Selectable, select

AMONG = Selectable(
    {"raw.a": [], "raw.b": [], "mart.c": ["raw.a", "raw.b"], "mart.d": ["mart.c"], "mart.e": ["mart.d"]},
    tags={"mart.d": ("daily",), "raw.a": ("daily",)},
    owners={"mart.e": "ana"},
    paths={"mart.c": "datasets/mart/c.sql"},
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
        (["path:datasets/mart"], "c"),
        (["raw.a", "mart.e"], "ae"),
        (["mart.*", "!mart.d"], "ce"),
    ],
)
def test_selects_what_dbt_users_expect(terms, expected):
    assert {name[-1] for name in select(terms, AMONG)} == set(expected)


def test_excludes():
    assert select([], AMONG, ["raw.*", "mart.e"]) == {"mart.c", "mart.d"}


@pytest.mark.parametrize("term", ["mart.x", "nothing", "tags:daily", "+"])
def test_a_term_that_selects_nothing_is_an_error_with_a_hint(term):
    with pytest.raises(UsageError) as caught:
        select([term], AMONG)
    assert caught.value.hint
