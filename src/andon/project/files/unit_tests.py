"""Unit tests of datasets: `tests/*.yml`, a list of tests in each file."""

from __future__ import annotations

from decimal import Decimal

from andon.base.clock import from_text, to_text
from andon.model.unit_tests import Near
from andon.project.files.facts import FileFacts, NameUse, RowSource, TestData, TestFile, TestSpec
from andon.project.files.nodes import FileFlaw, PlacedValue
from andon.project.files.problems import of_flaws
from andon.project.files.reading import FieldReader, FieldSpec, read_text
from andon.project.files.written_rows import read_written
from andon.project.files.yaml_nodes import parse_yaml

_BEGIN = "begin each test with `- name: …`"


def _read_dataset(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> NameUse | None:
    text = read_text(reader, known, node)
    return None if text is None else NameUse(text, node.line, node.column)


def _read_now(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> str | None:
    try:
        return to_text(from_text(node.raw.strip()))
    except ValueError:
        hint = "`now: 2026-07-01`, or `now: 2026-07-01T09:30` (UTC)"
        reader.wrong(node, "`now` must be a date or a time", f"found {node.shown()}", hint)
        return None


def _read_flag(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> bool | None:
    if node.kind == "flag":
        return bool(node.value)
    reader.wrong(node, f"`{known.name}` must be `true` or `false`", f"found {node.shown()}")
    return None


def _read_given(
    reader: FieldReader, _known: FieldSpec, node: PlacedValue
) -> tuple[tuple[NameUse, RowSource], ...] | None:
    if node.kind != "map":
        hint = "name each input and its rows: `shop.orders: [{id: 1}]`"
        reader.wrong(node, "`given` must be a mapping of inputs", f"found {node.shown()}", hint)
        return None
    found = []
    for name, value in node.value.items():
        written = read_written(reader, f"`{name}`", value, same=False)
        if written is not None:
            found.append((NameUse(name, *node.keys[name]), written))
    return tuple(found)


def _read_expect(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> RowSource | None:
    return read_written(reader, "`expect`", node, same=True)


def _read_approx(reader: FieldReader, _known: FieldSpec, node: PlacedValue) -> tuple[Near, ...] | None:
    if node.kind != "map":
        near = _near(reader, node, None)
        return None if near is None else (near,)
    found = [_near(reader, value, name) for name, value in node.value.items()]
    return tuple(near for near in found if near is not None)


def _near(reader: FieldReader, node: PlacedValue, column: str | None) -> Near | None:
    text = node.raw.strip() if node.kind in ("number", "text") else ""
    relative = text.endswith("%")
    try:
        amount = Decimal(text.removesuffix("%"))
        if not amount.is_finite() or amount < 0:
            raise ValueError(text)
    except (ArithmeticError, ValueError):
        hint = "`approx: 0.01`, `approx: 1%`, or for single columns `approx: {rate: 0.01}`"
        reader.wrong(node, "`approx` must be a number or a share", f"found {node.shown()}", hint)
        return None
    return Near(format(amount.normalize(), "f"), relative, column)


#: Keys of a unit test. The reference page of project files is made from it.
TEST_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("name", "text", "required", "What the test shows, in a few words.", read_text),
    FieldSpec("dataset", "dataset", "required", "What is tested.", _read_dataset),
    FieldSpec(
        "given",
        "mapping: input → rows",
        "none",
        "The rows of each input: a list of mappings, CSV, or the path of a CSV file in `tests/`. Columns that are left out "
        "are NULL, inputs that are left out are empty. For a source: raw file → its text.",
        _read_given,
    ),
    FieldSpec(
        "expect",
        "rows",
        "required",
        "The rows that must come out; only the columns that are listed count.",
        _read_expect,
    ),
    FieldSpec("now", "date or time", "none", "The logical time; needed where the dataset uses the clock.", _read_now),
    FieldSpec("ordered", "true or false", "false", "Whether the rows must come in this order.", _read_flag),
    FieldSpec(
        "approx",
        "number, share, or mapping: column → number or share",
        "`1e-9` of the number for doubles",
        "How far numbers may be off.",
        _read_approx,
    ),
    FieldSpec("description", "text", "none", "More about it.", read_text),
)


def read_test_file(path: str, text: str) -> FileFacts:
    """The facts of a file of unit tests."""
    node, flaws = parse_yaml(text)
    if node is None:
        return FileFacts(TestFile(()), tuple(of_flaws(path, text, flaws)))
    if node.kind != "list":
        hint = (
            f"take `{next(iter(node.value))}:` out, and {_BEGIN}"
            if node.kind == "map" and len(node.value) == 1
            else _BEGIN
        )
        flaw = FileFlaw(
            "project.bad_test", f"a file of tests is a list, found {node.shown()}", node.line, node.column, hint
        )
        return FileFacts(TestFile(()), tuple(of_flaws(path, text, [*flaws, flaw])))
    reader = FieldReader(path)
    specs = [spec for item in node.value if (spec := _spec(reader, item)) is not None]
    return FileFacts(TestFile(tuple(specs)), tuple(of_flaws(path, text, [*flaws, *reader.flaws])))


def read_test_data(text: str) -> FileFacts:
    """The facts of a data file of unit tests: its text, read when a test names it."""
    return FileFacts(TestData(text))


def _spec(reader: FieldReader, node: PlacedValue) -> TestSpec | None:
    if node.kind != "map":
        reader.wrong(node, "a test must be a mapping", f"found {node.shown()}", _BEGIN)
        return None
    before = len(reader.flaws)
    values = reader.read(node, TEST_FIELDS).values
    for name in ("name", "dataset", "expect"):
        if name not in node.value:
            reader.add("project.missing_key", f"a test needs `{name}`", node.line, node.column, f"add `{name}: …`")
    if len(reader.flaws) > before:
        return None
    return TestSpec(node.line, node.column, **values)
