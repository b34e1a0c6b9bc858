"""Which past versions are built again: all builds that a history ever showed, or some of them, drawn by a seed. Pure but for reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

from andon.base.record import Record

if TYPE_CHECKING:
    from andon.lake.commits import Commits
    from andon.model.commit import Commit, Leaf


class ShownBuild(Record):
    """A build that a commit showed, and the first commit that did, at a time (ISO text)."""

    dataset: str
    build: str
    version: str
    commit: str
    at: str


def shown_builds(commits: Commits, head: Commit, is_wanted: Callable[[Commit], bool]) -> list[ShownBuild]:
    """Each build once that commits of a history brought, or brought back, by time.

    Args:
        head: the newest commit; its first parents are the history.
        is_wanted: asked from the newest on; what lies before the first that is not wanted is not looked at.
    """
    found: dict[tuple[str, str], ShownBuild] = {}
    for commit, leaves in _brought(commits, head, is_wanted):
        for name, leaf in leaves.items():
            # older ones come later, so the first commit that showed it stays
            found[name, leaf.build] = ShownBuild(name, leaf.build, leaf.version, commit.id, commit.time)
    return sorted(found.values(), key=lambda each: (each.at, each.dataset, each.build))


def _brought(
    commits: Commits, head: Commit, is_wanted: Callable[[Commit], bool]
) -> Iterator[tuple[Commit, dict[str, Leaf]]]:
    """Commits of a history with the leaves whose build each brought, newest first."""
    for commit, before in pairwise([*commits.first_parents(head), None]):
        if commit is None or not is_wanted(commit):
            return
        if before is None:
            yield commit, dict(commits.state(commit).leaves)
            continue
        changes = commits.changed_leaves(before, commit)
        yield (
            commit,
            {
                name: now
                for name, (then, now) in changes.items()
                if now is not None and (then is None or then.build != now.build)
            },
        )


def drawn(shown: Sequence[ShownBuild], count: int, seed: int) -> list[ShownBuild]:
    """So many of them, spread over datasets and over the time of each. Pure; the same seed draws the same of the same.

    Datasets take turns, in an order that is drawn, until there are as many as wanted. What a dataset gives is one of each of as many
    equal parts of its builds by time.
    """
    chance = Random(seed)  # noqa: S311 a draw that can be drawn again
    own: dict[str, list[ShownBuild]] = {}
    for each in sorted(shown, key=lambda each: (each.dataset, each.at, each.build)):
        own.setdefault(each.dataset, []).append(each)
    turns = [*own]
    chance.shuffle(turns)
    taken = dict.fromkeys(turns, 0)
    left = min(count, len(shown))
    while left > 0:
        for name in turns:
            if left > 0 and taken[name] < len(own[name]):
                taken[name] += 1
                left -= 1
    found: list[ShownBuild] = []
    for name, parts in taken.items():
        size = len(own[name])
        found += [own[name][chance.randrange(size * n // parts, size * (n + 1) // parts)] for n in range(parts)]
    return sorted(found, key=lambda each: (each.at, each.dataset, each.build))
