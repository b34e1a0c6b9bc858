"""What datasets say of each other: which to use in the place of one that ends, and whose caveats are dealt with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from andon.base.graph import reach
from andon.base.names import did_you_mean
from andon.errors import Problem
from andon.model.dataset import Dataset
from andon.model.standing import Handling
from andon.project.files.problems import at_place


def standing_problems(datasets: Mapping[str, Dataset], text_of: Callable[[str], str]) -> list[Problem]:
    """What is wrong with `deprecated` and `handles` of the `datasets`, with its place."""
    needs = {name: dataset.definition.inputs for name, dataset in datasets.items()}
    found = []
    for name, dataset in datasets.items():
        file = dataset.definition.entry

        def add(line: int, column: int, code: str, message: str, hint: str | None, file: str = file) -> None:
            found.append(at_place(file, text_of(file), line, column, code, message, hint))

        ends = dataset.deprecated
        if ends is not None and ends.use is not None:
            if ends.use not in datasets:
                hint = did_you_mean(ends.use, datasets)
                message = f"there is no dataset `{ends.use}`"
                add(ends.line, ends.column, "project.unknown_dataset", message, hint)
            elif name in _followed(name, datasets):
                hint = "name one that stays, or leave `use` out"
                message = f"`{name}` would be replaced by itself"
                add(ends.line, ends.column, "project.bad_value", message, hint)
        if dataset.review is not None and dataset.owner is None:
            message, hint = f"`{name}` has no owner who could approve changes", "write `owner:` with a name beside it"
            add(*_place(text_of(file), "review"), "project.bad_value", message, hint)
        for each in dataset.handles:
            above = sorted(reach(needs, [name]) - {name})
            if not _handled(each, above, datasets):
                known = sorted({caveat.id for one in above if one in datasets for caveat in datasets[one].caveats})
                hint = did_you_mean(each.caveat, known) or (
                    f"known are {', '.join(f'`{one}`' for one in known)}" if known else "what it reads has none"
                )
                message = f"nothing that `{name}` reads has a caveat `{each.caveat}`"
                add(each.line, each.column, "project.bad_value", message, hint)
    return found


def _place(text: str, key: str) -> tuple[int, int]:
    """Where a key stands in a file, from 1."""
    for number, line in enumerate(text.splitlines(), 1):
        if (at := line.find(key)) >= 0:
            return number, at + 1
    return 1, 1


def _followed(name: str, datasets: Mapping[str, Dataset]) -> list[str]:
    """What takes the place of a dataset, then of that, each once; the name itself where it comes back to it."""
    found: list[str] = []
    at = name
    while at in datasets:
        ends = datasets[at].deprecated
        if ends is None or ends.use is None or ends.use in found:
            break
        at = ends.use
        found.append(at)
    return found


def _handled(handling: Handling, above: list[str], datasets: Mapping[str, Dataset]) -> bool:
    of, _, caveat = handling.caveat.rpartition("/")
    return any(
        caveat == each.id for name in above if name in datasets and of in ("", name) for each in datasets[name].caveats
    )
