"""What is done for thousands of things at once says what is said of each alone."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.paths import first_outside, is_inside
from andon.cli.output import json_text
from andon.model.plan import UNCHANGED, Action, Plan, Step

TEXT = st.text(alphabet=st.characters(exclude_categories=[]), max_size=6)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=12,
)
PATHS = st.lists(st.text(alphabet="a./\n\0 ", max_size=5), max_size=4)
STEPS = st.builds(
    Step,
    st.sampled_from(["m.a", "m.b"]),
    st.sampled_from(list(Action)),
    st.sampled_from([UNCHANGED, "new"]),
    proof=st.sampled_from([None, "it is equal"]),
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_a_document_is_printed_as_json_would_print_it(value):
    assert json_text(value) == json.dumps(value, ensure_ascii=False, indent=2)


@settings(max_examples=150, deadline=None)
@given(PATHS)
def test_a_path_outside_is_found_among_many(paths):
    assert first_outside(paths) == next((path for path in paths if not is_inside(path)), None)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=5))
def test_steps_that_do_something_are_told_one_by_one(steps):
    plan = Plan("", "main", tuple(steps))
    made = [s for s in steps if s.proof or s.action in (Action.BUILD, Action.VIEW, Action.DROP)]
    assert list(plan.builds) == made
    assert list(plan.works) == [s for s in steps if s in made or s.action is Action.CHECK]
    assert list(plan.moves) == [
        s for s in steps if s in plan.works or (s.action is Action.REUSE and s.reason != UNCHANGED)
    ]
