"""What a plan costs and what rests on it, told to whoever looks at one. A plan that does nothing is not looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from andon.base.clock import to_text
from andon.model.plan import UNCHANGED, Action, Step
from andon.workspace.rates import hourly_rate, publish_budget

if TYPE_CHECKING:
    from andon.model.budget import HourlyRate
    from andon.model.stake import Stake, StakeBudget
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
        from andon.value.at_stake import at_stake

        builds = [s for s in made if s.action is Action.BUILD]
        known = [s.seconds for s in builds if s.seconds is not None]
        needs = {name: definition.inputs for name, definition in gathered.definitions.items()}
        today = to_text(self._workspace.clock())[:10]
        insights, unreviewed, worth = at_stake(gathered.project.insights, needs, {s.dataset for s in made}, today)
        rate = hourly_rate(self._workspace.settings)
        money = rate.money(sum(known)).quantize(Decimal("0.01")) if known and rate is not None else None
        return Stake(
            builds=len(builds),
            seconds=sum(known) if known else None,
            known=len(known),
            money=None if money is None else str(money),
            currency=rate.currency or None if money is not None and rate is not None else None,
            insights=insights,
            unreviewed=unreviewed,
            worth=worth,
            budgets=tuple(self._budgets(made, gathered, rate)),
        )

    def _budgets(self, made: Sequence[Step], gathered: Gathered, rate: HourlyRate | None) -> Iterator[StakeBudget]:
        """The budgets that count for what the steps bring, beside what it took before: first that of the publish."""
        from andon.model.stake import StakeBudget

        said = gathered.project.datasets
        together = publish_budget(self._workspace.settings)
        own = {s.dataset: b for s in made if s.dataset in said and (b := said[s.dataset].budget) is not None}
        if together is None and not own:
            return
        taken = self._workspace.lake.objects.builds(s.build for s in made if s.build is not None)
        took = {
            s.dataset: taken[s.build].seconds if s.build in taken else s.seconds
            for s in made
            if s.action in (Action.BUILD, Action.REUSE)
        }
        known = [each for each in took.values() if each is not None]
        named = [(None, together, sum(known) if known else None)] if together is not None and took else []
        for dataset, budget, seconds in [*named, *((d, b, took.get(d)) for d, b in sorted(own.items()))]:
            expected = None if seconds is None else budget.spoken(seconds, rate)
            is_over = seconds is not None and budget.is_over(seconds, rate)
            yield StakeBudget(dataset, str(budget), expected, is_over)


def _moves(step: Step) -> bool:
    """Whether readers see something else by it: it is made, or taken over from another run or branch."""
    return step.action in (Action.BUILD, Action.VIEW, Action.DROP) or (
        step.action is Action.REUSE and step.reason != UNCHANGED
    )
