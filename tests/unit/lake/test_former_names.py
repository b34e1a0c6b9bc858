"""A dataset keeps what was done with it, whatever it is called: by `andon rename`, by a move of its file, and after an undo of either."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from andon.lake.former_names import former_names

#: What happens to a dataset: it is edited, moved to a name that nobody had, or given back the name before.
ACTS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["edit", "move", "undo"])), max_size=12)


@given(ACTS)
def test_each_name_that_a_dataset_ever_had_leads_to_the_one_that_it_has(acts):
    names = [[f"m.d{number}"] for number in range(3)]
    code = [f"code {number}" for number in range(3)]
    stacks = [[own[0]] for own in names]
    meant = [(f"{0:03}", own[0], code[number]) for number, own in enumerate(names)]
    for moment, (number, act) in enumerate(acts, start=1):
        if act == "edit":
            code[number] = f"code {number} of {moment}"
        elif act == "move":
            stacks[number].append(f"m.d{number}_{moment}")
            names[number].append(stacks[number][-1])
        elif len(stacks[number]) > 1:
            stacks[number].pop()
        meant.append((f"{moment:03}", stacks[number][-1], code[number]))
    present = [stack[-1] for stack in stacks]

    found = former_names(meant, present)

    assert found == {
        name: stack[-1] for own, stack in zip(names, stacks, strict=True) for name in own if name != stack[-1]
    }


def test_what_is_there_is_no_former_name_of_its_twin_and_other_code_is_another_dataset():
    meant = [("1", "m.one", "x"), ("2", "m.twin", "x"), ("3", "m.other", "y"), ("4", "m.gone", "z")]

    assert former_names(meant, ["m.one", "m.twin", "m.other"]) == {}
    assert former_names(meant, ["m.one", "m.other"]) == {"m.twin": "m.one"}
