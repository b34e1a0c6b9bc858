"""Propose to take equal rows once: a line of code, so it goes on a branch that a person looks at."""

from __future__ import annotations

from andon.model.action import ActionKind, ActionOutcome
from andon.model.dataset import Materialize
from andon.operations.actions.action import Done, Hands, IncidentScene

_CLOSE = "---*/"


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
        """Only rows of SQL, of which a check says that they are there more than once."""
        definition = scene.definition
        if definition is None or not definition.entry.endswith(".sql"):
            return f"`{scene.dataset or 'the lake'}` is not made by SQL"
        if definition.growth is not None or definition.load is not None or definition.connection is not None:
            return "a table that grows takes rows once by its `key`"
        if definition.materialize is Materialize.HISTORY:
            return "a history holds each row once already"
        checks = [str(signal.details.get("check", "")) for signal in scene.situation.aims]
        is_double = any(
            check.partition(":")[2].strip().startswith(_DOUBLE) or check.startswith(_DOUBLE) for check in checks
        )
        return None if is_double else "no check says that rows are there twice"

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Put the file with `select distinct` on a branch, where it is built and checked."""
        definition = scene.definition
        assert definition is not None  # `unfit` says so
        text = scene.view.workspace.lake.objects.text(scene.view.state.files()[definition.entry]).decode()
        branch = hands.propose(definition.entry, distinct(text), f"take equal rows of {scene.dataset} once")
        return Done(ActionOutcome.PROPOSED, f"`andon branch publish {branch}` takes equal rows of {scene.dataset} once")


#: Checks that say so begin like this.
_DOUBLE = ("key ", "unique ")
