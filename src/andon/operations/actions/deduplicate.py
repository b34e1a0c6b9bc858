"""Take equal rows once: as its rows come, without a line of code. It stands for the dataset until its code means something else.

What else has one key and other values stays: which of them is wrong is not told by the rows, and the check that says so holds as before.
"""

from __future__ import annotations

from andon.model.action import ActionKind, ActionOutcome
from andon.model.correction import RowCorrection
from andon.model.dataset import Definition, Kind
from andon.operations.actions.action import Done, Hands, IncidentScene, told
from andon.project.link.corrections import why_not_once
from andon.runs.goal import RunOptions

_CLOSE = "---*/"
#: Checks that say that rows are there twice begin like this.
_DOUBLE = ("key ", "unique ")
#: At most this part of the rows is left out, where nobody says another one.
SHARE = 0.01


def distinct(text: str) -> str:
    """The text of a SQL file whose rows are each taken once; front matter and the SELECT itself stay as they are."""
    head, mark, body = text.partition(_CLOSE) if text.lstrip().startswith("/*---") else ("", "", text)
    inside = body.strip().removesuffix(";").rstrip()
    start = f"{head}{mark}\n" if mark else ""
    return f"{start}select distinct * from (\n{inside}\n)\n"


class Deduplicate:
    """See the module."""

    kind = ActionKind.DEDUPLICATE

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only what is made whole, of which a check says that rows are there more than once."""
        definition = scene.definition
        if definition is None:
            return f"`{scene.dataset or 'the lake'}` is no dataset"
        why = why_not_once(definition)
        if why is not None:
            return why
        if scene.params.get("propose") and not _is_sql(definition):
            return f"`{scene.dataset}` is not made by SQL: no line of it can be proposed"
        checks = [str(signal.details.get("check", "")) for signal in scene.situation.aims]
        is_double = any(
            check.partition(":")[2].strip().startswith(_DOUBLE) or check.startswith(_DOUBLE) for check in checks
        )
        return None if is_double else "no check says that rows are there twice"

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Make it with each row once, and what reads it; or put the line that does so on a branch, where that is asked for."""
        if scene.params.get("propose"):
            return self._proposed(scene, hands)
        share = SHARE if scene.share is None else scene.share
        correct = {scene.dataset: RowCorrection(once=share)}
        return told(hands.refresh(RunOptions(select=(f"{scene.dataset}+",), correct=correct)))

    def _proposed(self, scene: IncidentScene, hands: Hands) -> Done:
        definition = scene.definition
        assert definition is not None  # `unfit` says so
        text = scene.view.workspace.lake.objects.text(scene.view.state.files()[definition.entry]).decode()
        branch = hands.propose(definition.entry, distinct(text), f"take equal rows of {scene.dataset} once")
        return Done(ActionOutcome.PROPOSED, f"`andon publish {branch}` takes equal rows of {scene.dataset} once")


def _is_sql(definition: Definition) -> bool:
    is_whole = definition.kind in (Kind.SQL, Kind.SOURCE) and definition.connection is None
    return is_whole and definition.entry.endswith(".sql")
