"""Signals of what has another name now: a dataset that was renamed, a check whose line was reworded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.model.incident import Incident, IncidentSignal
from andon.model.signal import Signal

if TYPE_CHECKING:
    from andon.model.dataset import Definition
    from andon.workspace.view import View
    from andon.workspace.workspace import Workspace


def carried(
    workspace: Workspace, view: View, incident: Incident, signal: IncidentSignal, shown: Sequence[Signal]
) -> IncidentSignal | None:
    """What a signal that stands is now, where its dataset was renamed or its check says the same in other words; else None.

    Args:
        shown: what checks say against what readers see now.
    """
    name = signal.dataset
    if name and name not in view.state.leaves:
        name = _renamed(workspace, view, incident, name) or ""
        if not name:
            return None
    others = [each for each in shown if each.dataset == name and each.kind is signal.kind]
    if any(each.subject == signal.subject for each in others):
        return None  # it is there, by these words
    said = _subject(signal.details)
    if "check" in signal.details:
        reworded = [each for each in others if _subject(each.details) == said]
        if len(reworded) != 1:
            return None
        found = reworded[0]
        return replace(
            signal,
            fingerprint=found.fingerprint,
            dataset=name,
            subject=found.subject,
            what=found.what,
            details=found.details,
        )
    if name == signal.dataset:
        return None
    other = Signal(incident.branch, name, signal.kind, signal.subject, signal.lamp, signal.what, signal.last)
    return replace(signal, fingerprint=other.fingerprint, dataset=name)


def _subject(details: dict[str, object]) -> str:
    """What a check is about: the first word of its line."""
    return str(details.get("check", "")).partition(" ")[0]


def _renamed(workspace: Workspace, view: View, incident: Incident, name: str) -> str | None:
    """The name by which the code of a dataset goes on, if it is one that was not there before."""
    commits = workspace.lake.commits
    named = incident.last_good or incident.first_bad
    if named is None or not commits.known([named]):
        return None
    before = commits.state(commits.get(named)).leaves
    leaf = before.get(name)
    new = {other: now for other, now in view.state.leaves.items() if other not in before}
    if leaf is None or not new:
        return None
    known = workspace.lake.objects.definitions({leaf.definition, *(now.definition for now in new.values())})
    old = known.get(leaf.definition)
    same = [other for other, now in new.items() if old is not None and _says_the_same(old, known.get(now.definition))]
    return same[0] if len(same) == 1 else None


def _says_the_same(old: Definition, new: Definition | None) -> bool:
    return new is not None and (old.meaning, old.inputs, old.kind) == (new.meaning, new.inputs, new.kind)
