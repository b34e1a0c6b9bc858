"""Something of the user's own: a command in the project's folder, or a webhook; both are told of the incident as JSON.

What they are comes from `playbooks.yml` alone, never from whoever asks for the action: that would be a way to run anything.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any

from andon.errors import AndonError
from andon.model.action import ActionKind, ActionOutcome
from andon.operations.actions.action import KEPT, Done, Hands, IncidentScene, document_of, told
from andon.runs.goal import RunOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        status, said = run_command(scene.params["run"], document_of(scene, self.kind), scene.root, timeout)
        kept: dict[str, Any] = {"exit": status, "said": said}
        if status != 0:
            why = f"it took longer than {timeout:g} s" if status is None else f"it ended with exit status {status}"
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
        status, said = call_webhook(url, document_of(scene, self.kind), timeout)
        kept: dict[str, Any] = {"status": status, "said": said}
        if status is None or not 200 <= status < 300:
            return Done(
                ActionOutcome.FAILED, f"it answered {status}" if status else f"it did not answer: {said}", kept=kept
            )
        result = hands.refresh(RunOptions(select=scene.targets))
        if result.run is None:
            return Done(ActionOutcome.DONE, "it was told; nothing new is there yet", kept=kept)
        found = told(result)
        return Done(found.outcome, found.why, found.commit, kept)


def run_command(
    arguments: Sequence[str], document: dict[str, Any], folder: str, timeout: float
) -> tuple[int | None, str]:
    """Run a program with JSON on its input, in a session of its own.

    Returns:
        The exit status (None: it was ended, since it took too long), and the beginning of what it said.

    Raises:
        AndonError: `action.no_program`.
    """
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                list(arguments),
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise AndonError(
                "action.no_program",
                f"`{arguments[0]}` can't be run: {error.strerror or error}",
                where="playbooks.yml",
                hint="name a program that is there, as it is called from the project's folder",
            ) from error
        try:
            process.communicate(json.dumps(document).encode(), timeout=timeout)
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(process)
        said.seek(0)
        return status, said.read(KEPT * 4).decode(errors="replace")[:KEPT]


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program with all that it began."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.wait()


def call_webhook(url: str, document: dict[str, Any], timeout: float) -> tuple[int | None, str]:
    """Send JSON to an address; a redirect is not followed.

    Returns:
        The status (None: no answer), and the beginning of the answer, or why there is none.
    """
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None, "the address is none of `http://…` or `https://…`"
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout)
    place = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", place, json.dumps(document), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read(KEPT).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        # the address may hold a secret, and some errors repeat it
        return None, type(error).__name__
    finally:
        connection.close()
