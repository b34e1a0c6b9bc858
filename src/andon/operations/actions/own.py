"""Something of the user's own: a command in the project's folder, or a webhook; both are told of the incident as JSON.

What they are comes from `playbooks.yml` alone, never from whoever asks for the action: that would be a way to run anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from andon.errors import AndonError
from andon.model.action import ActionKind, ActionOutcome
from andon.operations.actions.action import KEPT, Done, Hands, IncidentScene, document_of, told
from andon.operations.outside import NoAnswer, ProgramEnd, post, run_program
from andon.runs.goal import RunOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from andon.base.cancel import CancelToken

_TIMEOUT = 60.0


class OwnCommand:
    """A program: its exit status says whether it did what it should; then what failed is made again."""

    kind = ActionKind.COMMAND

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only what a playbook says is run."""
        return None if scene.params.get("run") else "no playbook says which"

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Run it, then bring up to date what it is about."""
        timeout = float(scene.params.get("timeout", _TIMEOUT))
        end = run_own(scene.params["run"], document_of(scene, self.kind), scene.root, timeout, hands.cancel)
        kept: dict[str, Any] = {"exit": end.status, "said": end.said[-KEPT:]}
        if hands.cancel.is_cancelled:
            return Done(ActionOutcome.REFUSED, "it was stopped", kept=kept)
        if end.status != 0:
            is_late = end.status is None
            why = f"it took longer than {timeout:g} s" if is_late else f"it ended with exit status {end.status}"
            return Done(ActionOutcome.FAILED, why, kept=kept)
        found = told(hands.refresh(RunOptions(select=scene.targets)))
        return Done(found.outcome, found.why, found.commit, kept)


class Webhook:
    """An address that JSON is sent to; what it sets going may take its time."""

    kind = ActionKind.WEBHOOK

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only what a playbook says is called."""
        return None if scene.params.get("url") else "no playbook says which"

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Call it, then bring up to date what it is about, if something is there by then."""
        url = hands.resolve(str(scene.params["url"]), "playbooks.yml")
        timeout = float(scene.params.get("timeout", _TIMEOUT))
        try:
            answer = post(url, document_of(scene, self.kind), {}, timeout)
        except NoAnswer as error:
            return Done(ActionOutcome.FAILED, f"it did not answer: {error}", kept={"status": None, "said": str(error)})
        kept: dict[str, Any] = {"status": answer.status, "said": answer.said[:KEPT]}
        if not 200 <= answer.status < 300:
            return Done(ActionOutcome.FAILED, f"it answered {answer.status}", kept=kept)
        result = hands.refresh(RunOptions(select=scene.targets))
        if result.run is None:
            return Done(ActionOutcome.DONE, "it was told; nothing new is there yet", kept=kept)
        found = told(result)
        return Done(found.outcome, found.why, found.commit, kept)


def run_own(
    arguments: Sequence[str],
    document: Mapping[str, Any],
    folder: str,
    timeout: float,
    cancel: CancelToken | None = None,
) -> ProgramEnd:
    """Run the program of a playbook.

    Raises:
        AndonError: `action.no_program`.
    """
    try:
        return run_program(arguments, document, folder, timeout, cancel=cancel)
    except OSError as error:
        raise AndonError(
            "action.no_program",
            f"`{arguments[0]}` can't be run: {error.strerror or error}",
            where="playbooks.yml",
            hint="name a program that is there, as it is called from the project's folder",
        ) from error
