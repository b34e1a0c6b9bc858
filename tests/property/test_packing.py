"""Objects come back from the catalog as they went in."""

import json

from hypothesis import given
from hypothesis import strategies as st

from andon.base.document import to_json
from andon.base.hashing import canonical, content_id, texts_id
from andon.lake.packing import (
    build_of,
    build_text,
    definition_of,
    definition_text,
    leaves_id,
    leaves_of,
    leaves_text,
    pack,
    trace_of,
    unpack,
    version_of,
    version_text,
)
from andon.model.build import Build, BuildTrace, InputFile
from andon.model.commit import Leaf
from andon.model.dataset import ClockUse, Definition, FileRead, Kind, Materialize
from andon.model.version import Column, ColumnStats, DataFile, Version

texts = st.text(max_size=12)
pairs = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
reads = st.builds(
    FileRead, texts, st.lists(texts, max_size=2).map(tuple), pairs, st.integers(0, 99), st.integers(0, 99)
)
definitions = st.builds(
    Definition,
    dataset=texts,
    kind=st.sampled_from(Kind),
    materialize=st.sampled_from(Materialize),
    entry=texts,
    meaning=texts,
    inputs=st.lists(texts, max_size=3).map(tuple),
    key=st.lists(texts, max_size=3).map(tuple),
    sql=st.none() | texts,
    function=st.none() | texts,
    parameters=pairs,
    macros=st.lists(texts, max_size=2).map(tuple),
    reads=st.lists(reads, max_size=2).map(tuple),
    uses=pairs,
    files=pairs,
    clock=st.sampled_from(ClockUse),
    allow=st.lists(texts, max_size=2).map(tuple),
    lock=st.none() | texts,
    timeout=st.none() | st.floats(0, 100),
    was=pairs,
    id=texts,
)
paths = st.lists(texts, min_size=1, max_size=3).map(tuple)
columns = st.builds(
    Column, texts, texts, st.integers(1, 99), st.lists(st.tuples(paths, st.integers(1, 99)), max_size=3).map(tuple)
)
numbers = st.none() | st.integers(0, 10**12)
stats = st.builds(
    ColumnStats, numbers, numbers, st.none() | texts, st.none() | texts, numbers, st.none() | st.booleans()
)
files = st.builds(
    DataFile, texts, st.integers(0, 10**15), texts, st.integers(0, 10**15), st.dictionaries(texts, stats, max_size=3)
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
builds = st.builds(
    Build,
    id=texts,
    key=texts,
    dataset=texts,
    definition=texts,
    version=texts,
    run=st.none() | st.integers(1, 99),
    inputs=st.dictionaries(texts, texts, max_size=3),
    files=st.lists(st.builds(InputFile, texts, texts, st.integers(0, 10**15)), max_size=3).map(tuple),
    contract=st.none() | st.dictionaries(texts, json_values, max_size=3),
    logical_time=st.none() | texts,
    engine=st.dictionaries(texts, json_values, max_size=2),
    lock=st.none() | texts,
    seconds=st.floats(0, 1e6),
    proof=st.none() | texts,
    log=st.none() | texts,
    created=texts,
)


@given(definitions)
def test_definitions(definition):
    assert definition_of(definition_text(definition)) == definition


@given(st.lists(columns, max_size=4).map(tuple), st.lists(files, max_size=3).map(tuple), st.booleans())
def test_versions(columns, files, is_view):
    version = Version("v", "a.b", columns, files, is_view)
    assert version_of("v", "a.b", is_view, version_text(version, {})) == version


def test_every_field_of_a_definition_is_kept():
    """A field that is added to the model must survive the catalog as well."""
    assert set(Definition.__struct_fields__) == set(json.loads(definition_text(EXAMPLE)))


EXAMPLE = Definition("a.b", Kind.SQL, Materialize.TABLE, "datasets/a/b.sql", "m")


@given(builds)
def test_builds(build):
    row = (build.id, build.key, build.dataset, build.definition, build.version, build.run)
    assert build_of((*row, build.created, build_text(build, {}))) == build
    trace = trace_of(build.created, build_text(build, {}))
    assert trace == BuildTrace(build.created, build.seconds, build.inputs, build.files)


@given(json_values)
def test_equal_values_are_packed_alike(value):
    assert unpack(pack(value)) == value
    if isinstance(value, dict):
        assert pack(dict(reversed(value.items()))) == pack(value)


LEAVES = st.dictionaries(
    texts,
    st.builds(Leaf, texts, texts, texts, texts, texts, texts, st.lists(st.tuples(texts, texts), max_size=3).map(tuple)),
    max_size=6,
)


@given(LEAVES)
def test_a_tree_of_leaves_is_written_as_any_other_value(leaves):
    text = leaves_text(leaves)
    assert text == canonical(to_json(leaves))
    assert leaves_id(text) == content_id(["tree", to_json(leaves)])
    assert leaves_of(text) == leaves


@given(st.recursive(st.none() | texts, lambda inner: st.lists(inner, max_size=5), max_leaves=30))
def test_ids_of_texts_are_those_of_any_other_value(value):
    assert texts_id(value) == content_id(value)


def test_every_character_has_one_form():
    for start in range(0, 0x110000, 0x100):
        value = [chr(c) for c in range(start, start + 0x100) if not 0xD800 <= c < 0xE000]
        assert texts_id(value) == content_id(value)
