"""Whose approval a change of code needs: a dataset says so (`review: owner`), as it is published. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from andon.base.hashing import content_id
from andon.base.record import replace
from andon.model.approval import AwaitedApproval
from andon.model.commit import Leaf
from andon.model.dataset import Dataset, Definition
from andon.model.person import person_key
from andon.model.plan import Action, Step


def change_id(dataset: str, before: Leaf | None, after: Leaf | None, definitions: Mapping[str, Definition]) -> str:
    """Id of a change of a dataset's code: its own files and all that makes it, before and after."""
    return content_id(["change of code", dataset, _code(before, definitions), _code(after, definitions)])


def changed_code(
    before: Mapping[str, Leaf], after: Mapping[str, Leaf], definitions: Mapping[str, Definition]
) -> dict[str, str]:
    """`{dataset: id of the change}` of what `before` has and whose code is another in `after`, or is gone.

    What a macro or a module brings counts; new rows, another build of the same code and corrections of rows beside it don't.
    """
    return {
        name: change_id(name, leaf, after.get(name), definitions)
        for name, leaf in before.items()
        if _code(leaf, definitions) != _code(after.get(name), definitions)
    }


def planned_code(
    leaves: Mapping[str, Leaf],
    steps: Iterable[Step],
    definitions: Mapping[str, Definition],
    files: Mapping[str, tuple[tuple[str, str], ...]],
) -> dict[str, Leaf]:
    """The leaves with the code that they would have after a plan; what else of them is built is not known before."""
    found = dict(leaves)
    for step in steps:
        name = step.dataset
        if step.action is Action.DROP:
            found.pop(name, None)
        elif step.action is not Action.KEEP and step.code_changed and name in found and name in definitions:
            found[name] = replace(found[name], definition=definitions[name].id, files=tuple(files[name]))
    return found


def awaited(
    changes: Mapping[str, str], published: Mapping[str, Dataset], author: str | None, approved: Iterable[str] = ()
) -> list[AwaitedApproval]:
    """What of some changes waits for its owner, in the order of names.

    Args:
        changes: `{dataset: id}`.
        published: what is said of the datasets as readers see them: who takes `review: owner` out changes that dataset, too.
        author: who makes the change; an owner needs nobody. None: whoever that is.
        approved: ids of changes that were approved.
    """
    done = set(approved)
    found = []
    for name, change in sorted(changes.items()):
        said = published.get(name)
        if said is None or said.review is None or said.owner is None or change in done:
            continue
        if author is None or not is_owner(said.owner, author):
            found.append(AwaitedApproval(name, said.owner, change))
    return found


def is_owner(owner: str | None, person: str) -> bool:
    """Whether a person is who a file names as owner."""
    return owner is not None and person_key(owner) == person_key(person)


def awaited_because(waiting: Sequence[AwaitedApproval], ref: str) -> str:
    """Why a publish is held, in one line that leads to its end."""
    first = waiting[0]
    more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
    owners = ", ".join(dict.fromkeys(each.owner for each in waiting))
    return (
        f"review.needed: {first.dataset}{more} changes only as {owners} approves: `andon approve {ref}`"
        f" by {owners}, then the same again"
    )


def _code(leaf: Leaf | None, definitions: Mapping[str, Definition]) -> list[object]:
    if leaf is None:
        return []
    definition = definitions.get(leaf.definition)
    return [definition.stated if definition is not None else leaf.definition, [list(file) for file in leaf.files]]
