"""What an undo keeps out: what the publish brought in code, else in raw files."""

from __future__ import annotations

import pytest

from andon.base.record import replace
from andon.lake.lake import Lake
from andon.lake.undo import causes_of, code_causes, source_causes
from andon.model.build import InputFile
from andon.model.commit import Cause, Leaf
from kit.lake_objects import build, definition, leaf, publish, stored


def of(definition_id: str, **files: str) -> Leaf:
    """A leaf of a definition with files `name=content`, `x` for `x.sql`, `lock` for its lock."""
    paths = {"lock": "x.lock.txt"}
    texts = tuple(sorted((paths.get(name, f"{name}.sql"), content) for name, content in files.items()))
    return replace(leaf(definition_id), definition=definition_id, files=texts)


@pytest.mark.parametrize(
    ("before", "after", "meanings", "expected"),
    [
        (of("d1", x="1"), of("d2", x="2"), {"d1": "m1", "d2": "m2"}, {Cause("x.sql", "m2")}),
        (of("d1", x="1"), of("d1", x="2"), {"d1": "m1"}, {Cause("x.sql", "2")}),
        (of("d1", x="1"), of("d2", x="2"), {}, {Cause("x.sql", "2")}),
        (None, of("d1", x="1"), {"d1": "m1"}, {Cause("x.sql", "m1")}),
        (of("d1", x="1"), None, {"d1": "m1"}, {Cause("x.sql", None)}),
        (of("d1", x="1", lock="a"), of("d2", x="1", lock="b"), {"d1": "m", "d2": "m"}, {Cause("x.lock.txt", "b")}),
        (of("d1", x="1", lock="a"), of("d2", x="1"), {"d1": "m", "d2": "m"}, {Cause("x.lock.txt", None)}),
        (of("d1", x="1"), of("d2", y="1"), {"d1": "m1", "d2": "m2"}, {Cause("x.sql", None), Cause("y.sql", "m2")}),
        (of("d1", x="1"), of("d2", x="1"), {"d1": "m1", "d2": "m2"}, set()),
    ],
    ids=["meaning", "comment", "unknown", "new", "dropped", "lock", "lock-gone", "renamed", "rebuilt"],
)
def test_a_file_is_kept_out_by_what_it_means(
    before: Leaf | None, after: Leaf | None, meanings: dict[str, str], expected: set[Cause]
) -> None:
    assert code_causes({"a.x": (before, after)}, {}, {}, meanings) == expected


def test_shared_files_are_kept_out_by_content() -> None:
    before, after = {"m/a.sql": "1", "m/b.sql": "1", "m/c.sql": "1"}, {"m/a.sql": "2", "m/c.sql": "1", "m/d.sql": "1"}
    found = code_causes({}, before, after, {})
    assert found == {Cause("m/a.sql", "2"), Cause("m/b.sql", None), Cause("m/d.sql", "1")}


def test_raw_files_are_kept_out_with_their_source() -> None:
    before = {"raw/1.csv": "a", "raw/2.csv": "b", "raw/3.csv": "c"}
    after = {"raw/1.csv": "a", "raw/2.csv": "B", "raw/4.csv": "d"}
    assert source_causes({"s.a": (before, after), "s.b": ({}, {})}) == {
        Cause("raw/2.csv", "B", "s.a"),
        Cause("raw/3.csv", None, "s.a"),
        Cause("raw/4.csv", "d", "s.a"),
    }


def source_leaf(lake: Lake, number: int, *files: InputFile) -> Leaf:
    """The leaf of a source that read `files`, with its build in the lake."""
    version = stored(lake, "s.a", number)
    made = replace(build(version, f"key-{number}"), files=files)
    lake.objects.record([(version, made)], [definition("s.a")])
    return Leaf("source", "table", "def-s.a-1", made.key, made.id, version.id, (("sources/a.sql", "1"),))


def test_of_a_publish_that_altered_no_code_the_raw_files_are_kept_out(lake: Lake) -> None:
    old, new = InputFile("raw/1.csv", "a"), InputFile("raw/2.csv", "b")
    before = publish(lake, {"s.a": source_leaf(lake, 1, old)})
    after = publish(lake, {"s.a": source_leaf(lake, 2, old, new)})
    changes = lake.commits.changed_leaves(before, after)
    assert causes_of(lake.commits, lake.objects, before, after, changes) == {Cause("raw/2.csv", "b", "s.a")}


def test_of_a_publish_that_altered_code_only_the_code_is_kept_out(lake: Lake) -> None:
    old, new = InputFile("raw/1.csv", "a"), InputFile("raw/2.csv", "b")
    before = publish(lake, {"s.a": source_leaf(lake, 1, old)}, shared={"m.sql": "1"})
    after = publish(lake, {"s.a": source_leaf(lake, 2, old, new)}, shared={"m.sql": "2"})
    changes = lake.commits.changed_leaves(before, after)
    assert causes_of(lake.commits, lake.objects, before, after, changes) == {Cause("m.sql", "2")}


def test_meanings_of_definitions_are_those_of_the_lake(lake: Lake) -> None:
    lake.objects.record([], [definition("a.x", 1), definition("a.x", 2)])
    before = publish(lake, {"a.x": of("def-a.x-1", x="1")})
    after = publish(lake, {"a.x": of("def-a.x-2", x="2")})
    changes = lake.commits.changed_leaves(before, after)
    assert causes_of(lake.commits, lake.objects, before, after, changes) == {Cause("x.sql", "meaning-2")}
