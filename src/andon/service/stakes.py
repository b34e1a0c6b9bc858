"""What a plan costs and what rests on it, told to whoever looks at one. A plan that does nothing is not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.model.plan import UNCHANGED, Action, Step

if TYPE_CHECKING:
    from andon.model.stake import Stake
    from andon.runs.planning.gather import Gathered
    from andon.workspace.workspace import Workspace


class Stakes:
    """What is at stake in plans of one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def of_plan(self, steps: Sequence[Step], gathered: Gathered) -> Stake | None:
        """What the steps cost and what rests on them, by the code that they make true; None where readers
        will see all as it is."""
        made = [s for s in steps if s.proof is None and _moves(s)]
        if not made:
            return None
        from andon.model.stake import Stake
        from andon.service.spending import rates_of
        from andon.value.at_stake import at_stake

        builds = [s for s in made if s.action is Action.BUILD]
        known = [s.seconds for s in builds if s.seconds is not None]
        needs = {name: definition.inputs for name, definition in gathered.definitions.items()}
        today = to_text(self._workspace.clock())[:10]
        insights, unreviewed, worth = at_stake(gathered.project.insights, needs, {s.dataset for s in made}, today)
        rates = rates_of(self._workspace.settings)
        money = None
        if known and rates.compute_hour is not None:
            cents = round(rates.compute_hour * round(sum(known) * 1000) / 36_000)
            money = f"{cents // 100}.{cents % 100:02d}"
        return Stake(
            builds=len(builds),
            seconds=sum(known) if known else None,
            known=len(known),
            money=money,
            currency=rates.currency or None if money is not None else None,
            insights=insights,
            unreviewed=unreviewed,
            worth=worth,
        )


def _moves(step: Step) -> bool:
    """Whether readers see something else by it: it is made, or taken over from another run or branch."""
    return step.action in (Action.BUILD, Action.VIEW, Action.DROP) or (
        step.action is Action.REUSE and step.reason != UNCHANGED
    )
