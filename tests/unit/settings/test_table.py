"""The table of settings: types, sizes, names, and what people are shown of a value."""

from __future__ import annotations

import pytest

from andon.settings.table import BY_NAME, SETTINGS, Setting, convert, flatten, mask, parse_size, shown


def test_passwords_in_addresses_are_masked() -> None:
    assert mask("postgresql://ana:hunter2@db/x") == "postgresql://ana:***@db/x"
    assert mask("host=db password=hunter2 user=ana") == "host=db password=*** user=ana"
    assert mask(".andon/lake") == ".andon/lake"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1024", 1024),
        ("256MB", 256_000_000),
        ("1 KiB", 1024),
        ("2.5 GB", 2_500_000_000),
        ("1_000k", 1_000_000),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "1 XB", "-1MB", "1e3"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        parse_size(text)


def test_a_setting_says_all_about_itself() -> None:
    for setting in SETTINGS:
        assert convert(setting, setting.default) == setting.default
        assert setting.help.endswith(".")
        assert bool(setting.choices) == (setting.type == "choice")
        assert not setting.choices or setting.default in setting.choices
    assert BY_NAME["engine.wide_above"].variable == "ANDON_ENGINE_WIDE_ABOVE"


FLAG = Setting("x.on", "flag", False, "Of tests.")
NUMBER = Setting("x.count", "number", 0, "Of tests.")
CHOICE = Setting("x.kind", "choice", "a", "Of tests.", ("a", "b"))


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [(FLAG, "TRUE", True), (FLAG, "0", False), (NUMBER, " 1_000 ", 1000), (CHOICE, "b", "b")],
)
def test_texts_of_the_environment_stand_for_values(setting: Setting, text: str, value: object) -> None:
    assert convert(setting, text, from_text=True) == value


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        (FLAG, "true", "`x.on` must be true or false, found the text `true`"),
        (FLAG, 1, "found the number 1"),
        (NUMBER, True, "must be a whole number, found `true`"),
        (NUMBER, -1, "found the number -1"),
        (NUMBER, 1.5, "found the number 1.5"),
        (NUMBER, "5", "found the text `5`"),
        (CHOICE, "c", "must be `a` or `b`, found the text `c`"),
        (CHOICE, ["a"], "found a list"),
        (CHOICE, {"a": 1}, "found a table"),
    ],
)
def test_what_does_not_fit_is_told_with_what_was_found(setting: Setting, value: object, words: str) -> None:
    with pytest.raises(ValueError, match="must be") as caught:
        convert(setting, value)
    assert words in str(caught.value)


def test_a_password_is_not_shown_in_a_message() -> None:
    assert shown("postgresql://ana:hunter2@db/x") == "the text `postgresql://ana:***@db/x`"


def test_tables_are_entered_where_a_setting_lies_in_them() -> None:
    tables = {"engine": {"threads": 2, "other": {"deep": 1}}, "people": {"ana": {"mail": "x"}}, "author": "ana"}
    assert flatten(tables) == {
        "engine.threads": 2,
        "engine.other": {"deep": 1},
        "people": {"ana": {"mail": "x"}},
        "author": "ana",
    }
