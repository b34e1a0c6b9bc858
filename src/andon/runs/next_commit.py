"""What the commit of a run holds and says. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.model.commit import CommitKind, Leaf, State
from andon.model.plan import Action
from andon.model.run import TaskResult, TaskStatus
from andon.runs.building.outcome import Progress
from andon.runs.planning.gather import Gathered
from andon.runs.prepare import Prepared


def next_state(prepared: Prepared, progress: Progress) -> State:
    """The branch's leaves after a run: what was built, taken over or dropped, and all the rest as it was."""
    gathered = prepared.gathered
    leaves: dict[str, Leaf] = dict(gathered.state.leaves)
    for step in prepared.plan.steps:
        name = step.dataset
        if step.action is Action.DROP:
            leaves.pop(name, None)
        elif name in progress.builds:
            build = progress.builds[name]
            leaves[name] = _leaf(gathered, name, key=build.key, build=build.id, version=build.version)
        elif step.action in (Action.REUSE, Action.CHECK) and step.key and step.build and step.version:
            leaf = leaves.get(name)
            if leaf is not None and not step.code_changed and (leaf.key, leaf.build) == (step.key, step.build):
                continue  # as nearly all are
            leaves[name] = _leaf(gathered, name, key=step.key, build=step.build, version=step.version)
    return State(leaves, dict(prepared.shared))


def commit_kind(prepared: Prepared) -> CommitKind:
    """A run of the folder that alters no code is a refresh like any other."""
    kind = prepared.goal.kind
    return CommitKind.REFRESH if kind is CommitKind.CHANGE and not prepared.plan.is_change else kind


def _leaf(gathered: Gathered, name: str, *, key: str, build: str, version: str) -> Leaf:
    definition = gathered.definitions[name]
    return Leaf(
        kind=str(definition.kind),
        materialize=str(definition.materialize),
        definition=definition.id,
        key=key,
        build=build,
        version=version,
        files=tuple(gathered.files[name]),
    )


def commit_message(prepared: Prepared, results: Sequence[TaskResult], state: State) -> str:
    """What a run did, in one line."""
    before = prepared.gathered.state.leaves
    done = [r for r in results if r.status is TaskStatus.OK]
    built = [r.dataset for r in done if r.action in (Action.BUILD, Action.VIEW)]
    dropped = [r.dataset for r in done if r.action is Action.DROP]
    taken, edited = [], []
    for name in (r.dataset for r in done if r.action in (Action.REUSE, Action.CHECK) and r.dataset in state.leaves):
        old, new = before.get(name), state.leaves[name]
        if old is new:
            continue  # as nearly all are
        if old is None or old.version != new.version or old.definition != new.definition:
            taken.append(name)
        elif old.files != new.files:
            edited.append(name)
    parts = [
        f"{word} {_listed(names)}"
        for word, names in (("built", built), ("took over", taken), ("dropped", dropped), ("text of", edited))
        if names
    ]
    text = "; ".join(parts) or "settings and shared files"
    return f"publish {prepared.goal.source}: {text}" if prepared.goal.source else text


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
