"""What a team may do next, told from the measures of each principle. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from andon.base.record import replace
from andon.model.principles import PrincipleMeasure, PrincipleStep

#: The measures of one principle, by key.
Measured = Mapping[str, PrincipleMeasure]

#: A command that lacks its question.
_ASK = "andon query"


def doable(step: PrincipleStep, sample: str | None) -> PrincipleStep:
    """The step with a command that can be given as it stands."""
    if sample is None:
        return step
    command = f'andon query "from {sample} limit 10"' if step.command == _ASK else step.command
    return replace(step, command=command.replace("DATASET", sample))


def self_service(own: Measured) -> PrincipleStep:
    """Principle 1: fewer requests."""
    if own["waiting"].value:
        return PrincipleStep("Answer the request that weighs most", "andon requests", "/requests")
    if own["self_service"].value is None:
        return PrincipleStep("Ask the first question", _ASK, "/sql")
    return PrincipleStep("Offer what people ask again and again as a dataset", "andon suggestions", "/suggestions")


def autonomation(own: Measured) -> PrincipleStep:
    """Principle 2: less by hand."""
    if (own["false_alarms"].value or 0) > 0.5:
        return PrincipleStep("Loosen the check that calls for nothing", "andon review", "/review")
    if own["corrections_alone"].value is not None and own["corrections_alone"].value < 1:
        return PrincipleStep("Let a playbook do what people did by hand", "andon playbooks", "/review")
    if not own["runs_alone"].value:
        return PrincipleStep("Give a dataset a schedule", "andon due", "/sources")
    return PrincipleStep("See what people still do by hand", "andon suggestions", "/suggestions")


def small_changes(own: Measured) -> PrincipleStep:
    """Principle 3: publish sooner."""
    if (own["change_failures"].value or 0) > 0.15:
        return PrincipleStep("Look at the changes that failed", "andon review --since 30d", "/review")
    return PrincipleStep("Publish a change that is done", "andon status", "/changes")


def reproducibility(own: Measured) -> PrincipleStep:
    """Principle 4: build again."""
    command = "andon reproduce --sample 20"
    if own["rebuilt_same"].value is None:
        return PrincipleStep(
            "Build a sample of past versions again, and see whether they are the same", command, "/proofs"
        )
    if own["rebuilt_same"].value < 1:
        return PrincipleStep("Find the version that came out otherwise, and why", command, "/proofs")
    return PrincipleStep("Take another sample", command, "/proofs")


def one_team(own: Measured) -> PrincipleStep:
    """Principle 5: ask and answer."""
    if own["open_questions"].value:
        return PrincipleStep("Answer the oldest question", "andon questions", "/")
    if own["both_roles"].value is None:
        return PrincipleStep("Publish a change, and let somebody else ask what it made", "andon log", "/changes")
    return PrincipleStep("Show what changed to those who read it", "andon impact DATASET", "/map")


def value(own: Measured) -> PrincipleStep:
    """Principle 6: serve an insight."""
    if own["serving"].value is None:
        return PrincipleStep("Build what the lake has", "andon run", "/runs/new")
    if own["serving"].value == 0:
        return PrincipleStep("Say what an answer is for", "andon insight add", "/insights")
    return PrincipleStep("Put away what nobody needs", "andon waste", "/value#waste")


def excellence(own: Measured) -> PrincipleStep:
    """Principle 7: keep promises."""
    sound = own["sound_insights"].value
    if sound is not None and sound < 1:
        return PrincipleStep("Do the one repair that helps most insights", "andon value", "/value")
    return PrincipleStep("Promise how new a dataset is", "andon due", "/insights")


def simplicity(own: Measured) -> PrincipleStep:
    """Principle 8: take something away."""
    if own["hints"].value:
        return PrincipleStep("Decide on the hint that saves most", "andon simplify", "/simplify")
    return PrincipleStep("Look for blocks that nothing goes out of", "andon architecture", "/architecture")


def self_organising(own: Measured) -> PrincipleStep:
    """Principle 9: share the work."""
    if own["bus_factor"].value == 1:
        return PrincipleStep("Let a second person make the next change", "andon review", "/changes")
    return PrincipleStep("Claim a request", "andon requests", "/requests")
