"""What of a run's result may be published: a change whole or not at all, of a refresh the part that no check holds.

In the healthy part, a failing check keeps at the last good leaf every dataset that it names and that changed in this run, and what is
downstream of those; checks that touch a kept leaf are asked again of the mix, until nothing new fails: no mix is published unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from andon.base.graph import reach, reverse
from andon.base.record import replace
from andon.base.text import plural
from andon.model.check import CheckStatus
from andon.model.check_result import CheckResult
from andon.model.commit import Leaf, State
from andon.model.dataset import Definition
from andon.model.run import TaskResult, TaskStatus

#: A moment as checks record it.
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(?:Z|\+00:00)")
#: Asks the checks of the state with these leaves; every result that counts there.
Ask = Callable[[Mapping[str, Leaf]], Sequence[CheckResult]]


@dataclass
class Settled:
    """What became of a run's result.

    Attributes:
        whole: all that was built, held or not: what `run:N` shows.
        state: what may be published.
        checks: results of all that was asked, by key, label and line (two lines may ask the same), in order.
        kept: `{dataset: why}` of those that stay as they were published because of a check.
        stuck: what still holds `state`, of no dataset that changed: a shared file made it fail, and holds all.
    """

    whole: State
    state: State
    checks: dict[tuple[str, str, int | None], CheckResult] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    stuck: Sequence[CheckResult] = ()

    @property
    def holding(self) -> list[CheckResult]:
        """The results that hold something."""
        return [c for c in self.checks.values() if c.holds]

    @property
    def said(self) -> list[CheckResult]:
        """One result for each line, in order: what holds, else the last answer; a check may be asked again of the mix."""
        found: dict[tuple[str, str, int | None], CheckResult] = {}
        for check in self.checks.values():
            line = (check.check, check.label, check.line)
            if line not in found or not found[line].holds:
                found[line] = check
        return list(found.values())

    def add(self, results: Sequence[CheckResult]) -> None:
        """Take results in."""
        self.checks.update({(c.key, c.label, c.line): c for c in results})


def settle_whole(whole: State, found: Sequence[CheckResult], ask: Ask) -> Settled:
    """All or nothing: everything that can be asked is asked once.

    Args:
        found: results of the tasks.
    """
    settled = Settled(whole, whole)
    settled.add(found)
    settled.add(ask(whole.leaves))
    return settled


def settle_healthy(
    whole: State,
    head: State,
    definitions: Mapping[str, Definition],
    found: Sequence[CheckResult],
    ask: Ask,
    can_hold: Callable[[CheckResult, State], bool],
) -> Settled:
    """The largest part of `whole` that no check holds, on top of `head`.

    Args:
        definitions: of `whole`.
        can_hold: whether a failing check is new in a state, or touches something that changed there.
    """
    settled = Settled(whole, whole)
    settled.add(found)
    failing = [c for c in found if c.holds and can_hold(c, whole)]
    readers = reverse({d: definition.inputs for d, definition in definitions.items()})
    of_whole: Sequence[CheckResult] | None = None
    while True:
        kept, by_others = dict(settled.kept), set[str]()
        for check in failing:
            for name in check.datasets:
                if changed(settled.state, head, name) and name not in kept:
                    kept[name] = f"`{check.spoken}` {outcome(check)}"
                    by_others |= {name} - {check.dataset}
        if by_others:  # what their own checks say of what is refused is not asked of any mix
            of_whole = ask(whole.leaves) if of_whole is None else of_whole
            settled.add([c for c in of_whole if c.dataset in by_others and c.holds and can_hold(c, whole)])
        moved = [d for d in kept if _version(whole, d) != _version(head, d)]
        for name in sorted(reach(readers, moved) - kept.keys()):
            # also where only the build is another one: it was made from what is kept back
            if whole.leaves.get(name) != head.leaves.get(name):
                kept[name] = f"reads {_first(definitions, name, kept)}, which is held"
        settled.kept = kept
        settled.state = mix(whole, head, kept)
        results = ask(settled.state.leaves)
        of_whole = results if not kept else of_whole
        settled.add(results)
        failing = [c for c in results if c.holds and can_hold(c, settled.state)]
        if not any(changed(settled.state, head, name) for c in failing for name in c.datasets):
            settled.stuck = failing
            return settled


def mix(whole: State, head: State, kept: Mapping[str, str]) -> State:
    """`whole` with the leaves of `kept` as `head` has them."""
    leaves = {name: leaf for name, leaf in whole.leaves.items() if name not in kept}
    leaves.update({name: head.leaves[name] for name in kept if name in head.leaves})
    return State(leaves, whole.shared)


def told(kept: Mapping[str, str], results: Sequence[TaskResult]) -> tuple[TaskResult, ...]:
    """Results of tasks, where those that a check keeps from readers (`{dataset: why}`) say so."""
    return tuple(
        replace(r, status=TaskStatus.HELD, reason=kept[r.dataset])
        if r.dataset in kept and r.status is TaskStatus.OK
        else r
        for r in results
    )


def blamed(holding: Sequence[CheckResult]) -> dict[str, str]:
    """`{dataset: why}` of the datasets whose own checks hold a change."""
    return {check.dataset: f"`{check.spoken}` {outcome(check)}" for check in reversed(holding)}


def held_because(holding: Sequence[CheckResult]) -> str:
    """Why a publish is held, in one line."""
    first = holding[0]
    more = f" and {plural(len(holding) - 1, 'more check')}" if len(holding) > 1 else ""
    return f"{first.dataset}: `{first.spoken}` {outcome(first)}{more}"


def outcome(check: CheckResult) -> str:
    """How a failing check came out, in few words."""
    if check.status is CheckStatus.ERROR:
        return "could not run"
    if check.bad is not None and check.total is not None:
        return f"fails in {check.bad:,} of {check.total:,} rows"
    return "does not hold"


def found_words(value: object) -> str:
    """A value that a check found, for a sentence: a moment as people write it, all else as it is."""
    parted = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    return f"{parted[1]} {parted[2]} UTC" if parted is not None else str(value)


def changed(state: State, head: State, name: str) -> bool:
    """Whether the content or the code of a dataset differs; another build of the same is no change."""
    one, other = state.leaves.get(name), head.leaves.get(name)
    if one is None or other is None:
        return one is not other
    return (one.version, one.definition, one.files) != (other.version, other.definition, other.files)


def _version(state: State, name: str) -> str | None:
    leaf = state.leaves.get(name)
    return leaf.version if leaf is not None else None


def _first(definitions: Mapping[str, Definition], name: str, kept: Mapping[str, str]) -> str:
    """The input of `name` that is kept back, or leads to one that is."""
    needs = {d: definition.inputs for d, definition in definitions.items()}
    direct = [p for p in needs.get(name, ()) if p in kept]
    return direct[0] if direct else next((p for p in needs.get(name, ()) if reach(needs, [p]) & kept.keys()), name)
