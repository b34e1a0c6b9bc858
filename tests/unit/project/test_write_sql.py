"""Settings written into SQL files: they say what was asked, all else says what it said, and every other line is as it was."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.errors import ProjectError
from andon.project.files.front_matter import read_front_matter
from andon.project.write_sql import split_query, with_query, with_settings, yaml_list, yaml_text

QUERY = "select 1 as one -- /*--- no front matter\n"
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(lambda t: t.strip())
HEADS = st.sampled_from(
    [
        "",
        "/*---\nowner: ben\n---*/\n",
        "-- first\n/*---\n# about it\ndescription: |\n  two\n  lines # no comment\n\n# and a comment\nowner: ben\n---*/\n",
        "/*---\ncolumns:\n  one:\n    description: x\nowner: ben\ntags: [a,\n  b]\nchecks: |\n  one > 0\n---*/\n\n",
        "/*---\n  owner: ben\n  tags:\n    - a\n---*/ ",
        "/*---\r\nowner: ben\r\n---*/\r\n",
        "/*---\n---*/\n",
    ]
)


@settings(max_examples=40)
@given(HEADS, TEXTS, st.lists(TEXTS, max_size=3), st.booleans())
def test_settings_say_what_was_asked_and_all_else_stays(head, owner, tags, drops):
    text = head + QUERY
    settings = {"owner": yaml_text(owner), "tags": yaml_list(tags), "description": None if drops else yaml_text("d: e")}
    made = with_settings("datasets/a/b.sql", text, settings)
    before, after = read_front_matter(text, "x.sql"), read_front_matter(made, "x.sql")
    assert after.flaws == ()
    wanted = {"owner": owner.strip(), "tags": tuple(tag.strip() for tag in tags)}
    wanted |= {} if drops else {"description": "d: e"}
    others = {key: value for key, value in before.values.items() if key not in settings}
    assert {k: v for k, v in after.values.items() if k != "checks"} == {
        **{k: v for k, v in others.items() if k != "checks"},
        **wanted,
    }
    assert [c.text for c in after.get("checks", ())] == [c.text for c in before.get("checks", ())]
    assert split_query(made)[1] == (split_query(text)[1] if head else QUERY)
    for line in text.split("\n"):
        if line.startswith("#") or "one > 0" in line or line.startswith("-- first"):
            assert line in made.split("\n")


@given(
    HEADS,
    st.sampled_from(["select 2 as two", "\nselect 2\n  as two;\n\n", "/*---\nowner: cleo\n---*/\nselect 2 as two"]),
)
def test_a_query_takes_the_place_of_the_query_alone(head, sql):
    made = with_query(head + QUERY, sql)
    own = "/*---" in sql
    assert split_query(made)[1] == f"{split_query(sql)[1].strip(chr(10)).rstrip()}\n"
    expected = read_front_matter(sql if own else head + QUERY, "x.sql").values
    found = read_front_matter(made, "x.sql").values
    assert {k: v for k, v in found.items() if k != "checks"} == {k: v for k, v in expected.items() if k != "checks"}


@pytest.mark.parametrize(
    "head", ["/*--- {owner: ben} ---*/", "/*---\n{owner: ben}\n---*/", "/*---\nowner: [\n---*/", "/*---\nowner: a"]
)
def test_what_can_not_be_written_is_refused(head):
    with pytest.raises(ProjectError):
        with_settings("datasets/a/b.sql", f"{head}\n{QUERY}", {"owner": "ana"})


@pytest.mark.parametrize(
    "text",
    [
        "a: b",
        "*/ /* */",
        "null",
        "1",
        "-",
        "\u2028 \u0085x",
        "\ufeffa",
        "a # b",
        '"',
        "'",
        "ä 😀",
        "{a}",
        "a\\n",
        "yes",
    ],
)
def test_every_text_is_read_as_it_was(text):
    made = with_settings("datasets/a/b.sql", QUERY, {"description": yaml_text(text)})
    said = read_front_matter(made, "x.sql")
    assert (said.flaws, said.get("description")) == ((), text.strip())
