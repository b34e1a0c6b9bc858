"""Every type of document, and every type that is kept, reads what it writes."""

import json
from typing import Any

import msgspec.inspect as shapes
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.document import from_json, to_json
from andon.cli.documents import FailureDocument, documents
from andon.errors import AndonError
from andon.model.acceptance import Acceptance
from andon.model.build import Build
from andon.model.check import Check
from andon.model.check_result import CheckResult
from andon.model.commit import Cause, Commit, Leaf
from andon.model.dataset import Dataset, Definition
from andon.model.project import Project
from andon.model.version import Version

KEPT = (Acceptance, Build, Check, CheckResult, Cause, Commit, Leaf, Dataset, Definition, Project, Version)
TYPES = [FailureDocument, *KEPT, *dict.fromkeys(kind for kinds in documents().values() for kind in kinds)]
TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=3,
)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type, as `msgspec.inspect` describes it."""
    match kind:
        case shapes.Metadata(type=inner):
            return values(inner)
        case shapes.StructType(cls=cls, fields=fields) | shapes.DataclassType(cls=cls, fields=fields):
            needed = {f.name: values(f.type) for f in fields if f.required}
            free = {f.name: values(f.type) for f in fields if not f.required}
            return st.fixed_dictionaries(needed, optional=free).map(lambda found: cls(**found))
        case shapes.NamedTupleType(cls=cls, fields=fields):
            return st.builds(cls, *(values(f.type) for f in fields))
        case shapes.UnionType(types=members):
            return st.one_of([values(member) for member in members])
        case shapes.ListType(item_type=item):
            return st.lists(values(item), max_size=2)
        case shapes.VarTupleType(item_type=item):
            return st.lists(values(item), max_size=2).map(tuple)
        case shapes.TupleType(item_types=items):
            return st.tuples(*map(values, items))
        case shapes.DictType(key_type=key, value_type=value):
            return st.dictionaries(values(key), values(value), max_size=2)
        case shapes.EnumType(cls=cls):
            return st.sampled_from(cls)
        case _:
            return _simple(kind)


def _simple(kind: Any) -> st.SearchStrategy[Any]:
    simple = {
        shapes.AnyType: PLAIN,
        shapes.NoneType: st.none(),
        shapes.BoolType: st.booleans(),
        shapes.IntType: st.integers(-(2**60), 2**60),
        shapes.FloatType: FLOATS,
        shapes.StrType: TEXTS,
        shapes.DecimalType: st.decimals(allow_nan=False, allow_infinity=False, places=2),
    }
    return simple[type(kind)]


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: getattr(kind, "__name__", str(kind)))
def test_what_is_written_is_read_again(kind):
    @given(values(shapes.type_info(kind)))
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def law(value):
        written = json.loads(json.dumps(to_json(value)))
        assert from_json(kind, written) == value
        if isinstance(written, dict):
            with pytest.raises(AndonError):
                from_json(kind, {**written, "no such key": 1})

    law()
