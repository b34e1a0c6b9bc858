"""What people hold: a dataset whose cord was pulled, and all that is made of it, stays as readers see it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from andon.base.graph import reach, reverse
from andon.model.commit import Leaf, State
from andon.model.cord import Cord
from andon.model.dataset import Definition


def held_back(
    cords: Sequence[Cord], definitions: Mapping[str, Definition], published: Mapping[str, Definition]
) -> dict[str, str]:
    """`{dataset: why}` of all that may not change for readers.

    What reads a held dataset by the code that is published is held as well as what would by the new one: else a change of code would
    lead around the cord.
    """
    if not cords:
        return {}
    needs: dict[str, set[str]] = {}
    for code in (definitions, published):
        for name, definition in code.items():
            needs.setdefault(name, set()).update(definition.inputs)
    readers = reverse(needs)
    found: dict[str, str] = {}
    for cord in cords:
        for name in reach(readers, [cord.dataset]) - {cord.dataset}:
            found.setdefault(name, f"reads {cord.dataset}, which {cord.who} holds: {cord.reason}")
    found.update({cord.dataset: cord.said for cord in reversed(cords)})
    for code in (definitions, published):  # rows that were set aside are of one write with the others
        found.update(
            {str(code[d].aside): why for d, why in [*found.items()] if d in code and code[d].aside is not None}
        )
    return found


def changes_held(held: Iterable[str], before: Mapping[str, Leaf], after: State) -> list[str]:
    """Which of what is held readers would see changed."""
    return sorted(name for name in held if before.get(name) != after.leaves.get(name))


def held_notices(cords: Sequence[Cord], held: Mapping[str, str]) -> list[str]:
    """What a plan says of what people hold."""
    own = {cord.dataset for cord in cords}
    below = sorted(held.keys() - own)
    more = f", and with it {', '.join(below[:5])}{' …' if len(below) > 5 else ''}" if below else ""
    said = [f"{cord.dataset} stays as it is published: {cord.said}" for cord in cords]
    return [*said[:-1], f"{said[-1]}{more}"] if said else []
