"""What may stand in `andon.toml`, and all that is wrong with it."""

from __future__ import annotations

import pytest

from andon.model.person import PersonRole
from andon.settings.people import read_people
from andon.settings.project_tables import LATER_TABLES, check_tables, patterns_of
from andon.settings.table import BY_NAME


@pytest.mark.parametrize(
    ("tables", "code", "words"),
    [
        ({"storag": "x"}, "project.unknown_key", "`storage`?"),
        ({"threads": 4}, "project.unknown_key", "`engine.threads`?"),
        ({"engine": {"thread": 4}}, "project.unknown_key", "`engine.threads`?"),
        ({"engine": 4}, "project.bad_value", "[engine]"),
        ({"engine": {"threads": "4"}}, "project.bad_value", "whole number"),
        ({"engine": {"threads": True}}, "project.bad_value", "whole number"),
        ({"publish": {"change": "all"}}, "project.bad_value", "all-or-nothing"),
        ({"people": "ana"}, "project.bad_value", "table"),
        ({"people": {"ana": "ownr"}}, "project.bad_value", "`owner`?"),
        ({"people": {"ana": 1}}, "project.bad_value", "reader, editor, owner"),
        ({"people": {"ana": {"mail": "ana@example.org"}}}, "project.bad_value", "role"),
        ({"people": {"ana": {"rol": "owner"}}}, "project.bad_value", "`role`?"),
        ({"people": {" ": "owner"}}, "project.bad_value", "name"),
        ({"policies": {"x": 1}}, "usage.not_yet", "not in this version"),
        ({"schedules": {"x": 1}}, "project.bad_value", "a schedule is a table"),
        ({"schedules": 1}, "project.bad_value", "[schedules.nightly]"),
        ({"schedules": {"X y": {"select": "a.*", "every": "1d"}}}, "project.bad_value", "can't name a schedule"),
        ({"schedules": {"x": {"every": "1d"}}}, "project.missing_key", "selects nothing"),
        ({"schedules": {"x": {"select": ["a.*"], "upstream": False}}}, "project.missing_key", "has no rule"),
        ({"schedules": {"x": {"select": [1], "every": "1d"}}}, "project.bad_value", "list of what is selected"),
        ({"schedules": {"x": {"select": "a.*", "evry": "1d", "when": "x"}}}, "project.unknown_key", "`every`?"),
        ({"schedules": {"x": {"select": "a.*", "every": "soon"}}}, "project.bad_value", "a duration, found `soon`"),
        ({"schedules": {"x": {"select": "a.*", "every": 5}}}, "project.bad_value", 'every = "5"'),
        ({"schedules": {"x": {"select": "a.*", "cron": "0 2 * *"}}}, "project.bad_value", "five fields"),
        ({"schedules": {"x": {"select": "a.*", "cron": "0 2 * * *", "tz": "Mars"}}}, "project.bad_value", "time zone"),
        ({"schedules": {"x": {"select": "a.*", "every": "1d", "tz": "UTC"}}}, "project.bad_value", "there is none"),
        ({"schedules": {"x": {"select": "a.*", "every": "1d", "upstream": 1}}}, "project.bad_value", "true or false"),
    ],
)
def test_what_can_be_wrong_in_andon_toml(tables: dict[str, object], code: str, words: str) -> None:
    problems = check_tables(tables)
    assert [p.code for p in problems] == [code]
    assert words in f"{problems[0].message} {problems[0].hint}"


def test_people_have_roles() -> None:
    table = {"ana": {"role": "owner", "mail": "ana@example.org"}, "BI tool": "reader"}
    assert check_tables({"people": table, "engine": {"wide_above": "1GB"}}) == []
    assert read_people(table)[0] == {"ana": PersonRole.OWNER, "BI tool": PersonRole.READER}


def test_the_projects_own_patterns() -> None:
    good = {"patterns": {"plate": "[A-Z]+", "order_no": "O-[0-9]+"}}
    assert check_tables(good) == []
    assert patterns_of(good) == good["patterns"]
    assert patterns_of({}) == {}


@pytest.mark.parametrize(
    ("table", "path", "words"),
    [
        ("[A-Z]", ("patterns",), "must be a table"),
        ({"Plate": "x"}, ("patterns", "Plate"), "can't name a pattern"),
        ({"null": "x"}, ("patterns", "null"), "can't name a pattern"),
        ({"plate": 3}, ("patterns", "plate"), "found the number 3"),
        ({"plate": ""}, ("patterns", "plate"), "must be a regular expression"),
        ({"plate": {"a": "b"}}, ("patterns", "plate"), "must be a regular expression"),
    ],
)
def test_what_can_be_wrong_in_patterns(table: object, path: tuple[str, ...], words: str) -> None:
    (problem,) = check_tables({"patterns": table})
    assert problem.code == "project.bad_value"
    assert problem.path == path
    assert words in problem.message
    assert problem.hint
    assert patterns_of({"patterns": table}) == {}


def test_all_problems_are_found_in_one_go() -> None:
    problems = check_tables(
        {"engine": {"threads": "x", "thread": 1}, "nothing": 1, "policies": {}, "patterns": {"P": 1}}
    )
    assert [(p.code, ".".join(p.path)) for p in problems] == [
        ("project.bad_value", "engine.threads"),
        ("project.unknown_key", "engine.thread"),
        ("project.unknown_key", "nothing"),
        ("usage.not_yet", "policies"),
        ("project.bad_value", "patterns.P"),
    ]


def test_a_table_has_one_meaning() -> None:
    tops = {name.split(".")[0] for name in BY_NAME}
    assert tops.isdisjoint({"people", "schedules", *LATER_TABLES, "patterns"})


def test_people_stand_at_the_top() -> None:
    assert [p.code for p in check_tables({"engine": {"people": {}}})] == ["project.unknown_key"]
