"""YAML as settings mean it: types, places, and what is refused."""

from __future__ import annotations

import pytest

from andon.project.files.nodes import PlacedValue
from andon.project.files.yaml_nodes import parse_yaml


def plain(node: PlacedValue | None) -> object:
    if node is None:
        return None
    if node.kind == "list":
        return [plain(item) for item in node.value]
    if node.kind == "map":
        return {key: plain(value) for key, value in node.value.items()}
    return node.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: yes", "yes"),
        ("a: No", "No"),
        ("a: on", "on"),
        ("a: off", "off"),
        ("a: y", "y"),
        ("a: true", True),
        ("a: FALSE", False),
        ("a: 12", 12),
        ("a: -3", -3),
        ("a: 010", 10),
        ("a: 0o17", "0o17"),
        ("a: 0x1F", "0x1F"),
        ("a: 1_000", "1_000"),
        ("a: 12:30:45", "12:30:45"),
        ("a: 1.5", 1.5),
        ("a: 1e3", 1000.0),
        ("a: .inf", ".inf"),
        ("a: 2026-11-01", "2026-11-01"),
        ("a: ~", None),
        ("a: null", None),
        ("a:", None),
        ("a: '12'", "12"),
        ('a: "yes"', "yes"),
        ("a: " + "9" * 5000, "9" * 5000),
        ("a: [x, 1, {b: c}]", ["x", 1, {"b": "c"}]),
    ],
)
def test_values(text: str, value: object) -> None:
    node, flaws = parse_yaml(text)
    assert not flaws
    assert plain(node) == {"a": value}


def test_places_count_from_the_files_first_line() -> None:
    node, _ = parse_yaml("  owner: ana\n  tags:\n    - x\n    - y z\n", first_line=7)
    assert node is not None
    assert node.keys == {"owner": (7, 3), "tags": (8, 3)}
    assert (node.value["owner"].line, node.value["owner"].column) == (7, 10)
    assert [(item.line, item.column) for item in node.value["tags"].value] == [(9, 7), (10, 7)]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: 1\na: 2", 2, 1, "twice"),
        ("a: &x 1", 1, 4, "anchor"),
        ("a: !!int '1'", 1, 4, "tag"),
        ("a: !!python/object:os.system x", 1, 4, "tag"),
        ("a: b: c", 1, 5, "quotes"),
        ("a: [1, 2", 1, 4, "`[` is not closed"),
        ("a: 'x", 1, 4, "`'` is not closed"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("[a]: 1", 1, 1, "must be a text"),
        ("\ta: 1", 1, 1, "tab"),
        ("a: `x`", 1, 4, "can't begin a value"),
        ("a: 1\nb", 2, 1, "key: value"),
        ("a: \x07", 1, 4, "control character"),
    ],
)
def test_what_is_refused(text: str, line: int, column: int, words: str) -> None:
    _, flaws = parse_yaml(text)
    assert [(f.line, f.column) for f in flaws] == [(line, column)]
    assert words in f"{flaws[0].message} {flaws[0].hint}"
    assert flaws[0].code == "project.bad_yaml"


def test_several_flaws_at_once() -> None:
    node, flaws = parse_yaml("a: 1\na: 2\nb: &x 3\nc: *x\n")
    assert node is None
    assert [f.line for f in flaws] == [2, 3, 4]


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 100_000, "a: [" + "x, " * 200_000 + "x]"])
def test_nothing_brings_the_reader_down(text: str) -> None:
    node, flaws = parse_yaml(text)
    assert node is None
    assert flaws


def test_laughs_are_not_repeated() -> None:
    text = "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(50))
    node, flaws = parse_yaml(text)
    assert node is None
    assert any("alias" in f.message for f in flaws)


@pytest.mark.parametrize("text", ["", "   \n", "# only a comment\n", "---\n"])
def test_nothing_is_nothing(text: str) -> None:
    assert parse_yaml(text) == (None, [])
