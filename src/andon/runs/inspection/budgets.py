"""Budgets as results of checks: what building may take, of a dataset and of a whole publish, and what it took. Pure.

What is measured is the builds' own record, so that a build that is known already holds as it did when it was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from andon.base.hashing import content_id
from andon.base.record import Record, replace
from andon.errors import Problem
from andon.model.acceptance import Acceptance
from andon.model.budget import Budget, HourlyRate
from andon.model.check import CheckKind, CheckStatus, Severity
from andon.model.check_result import CheckResult, result_key

#: How budgets are called among checks: that of a dataset, and that of a publish.
LABEL, PUBLISH_LABEL = "budget", "publish budget"


class BuiltVersion(Record):
    """A version of a dataset that readers don't have yet, and what its build took, as measured."""

    dataset: str
    version: str
    seconds: float


def budget_result(
    built: BuiltVersion,
    budget: Budget,
    rate: HourlyRate | None = None,
    run: int | None = None,
    acceptances: Mapping[str, Acceptance] | None = None,
) -> CheckResult:
    """Whether the build of a version kept to its dataset's budget: it does not where it took more, and does where it took as much.

    Args:
        rate: of an hour, for a budget of money.
        acceptances: by what they accept.
    """
    check = content_id(["budget", built.dataset, *_told(budget)])
    over = f"{_unit(budget)} of its build; make it cheaper, raise the budget in its file, or accept it once"
    return _result(check, LABEL, built, (), built.seconds, budget, rate, over, run, acceptances)


def publish_budget_result(
    built: Iterable[BuiltVersion],
    budget: Budget,
    rate: HourlyRate | None = None,
    run: int | None = None,
    acceptances: Mapping[str, Acceptance] | None = None,
) -> CheckResult | None:
    """Whether the builds of all that readers don't have yet kept, together, to the budget of a publish. None where there are none.

    It is told of the dataset that took most, and names all: what it holds is the publish.
    """
    sorted_by_cost = sorted(built, key=lambda each: (-each.seconds, each.dataset))
    if not sorted_by_cost:
        return None
    first, *others = sorted_by_cost
    check = content_id(["publish budget", *_told(budget)])
    over = (
        f"{_unit(budget)} of all {len(sorted_by_cost):,} builds, most of them for {first.dataset}; publish less at once,"
        " raise the budget in andon.toml, or accept it once"
    )
    took = sum(each.seconds for each in sorted_by_cost)
    named = tuple(sorted((each.dataset, each.version) for each in others))
    return _result(check, PUBLISH_LABEL, first, named, took, budget, rate, over, run, acceptances)


def unpriced_budgets(
    of_datasets: Iterable[tuple[str, Budget]], of_publish: Budget | None, rate: HourlyRate | None
) -> list[Problem]:
    """The budgets of money that no rate prices, as problems at their places.

    Args:
        of_datasets: file and budget.
    """
    said = [*of_datasets, *((("andon.toml", of_publish),) if of_publish is not None else ())]
    return [
        Problem(
            "project.bad_value",
            f"the budget of `{budget}` can't be measured: {why}",
            file,
            hint=f'write below `[cost]` in andon.toml `currency = "{budget.currency}"` and `compute_hour = 0.40`, or give a time: `10min`',
        )
        for file, budget in said
        if (why := budget.unpriced(rate)) is not None
    ]


def _result(
    check: str,
    label: str,
    built: BuiltVersion,
    others: tuple[tuple[str, str], ...],
    seconds: float,
    budget: Budget,
    rate: HourlyRate | None,
    over: str,
    run: int | None,
    acceptances: Mapping[str, Acceptance] | None,
) -> CheckResult:
    is_over = budget.is_over(seconds, rate)
    result = CheckResult(
        key=result_key(check, built.version, others),
        check=check,
        dataset=built.dataset,
        label=label,
        text=f"{label} {budget}",
        kind=CheckKind.TOTAL,
        severity=Severity.HOLD,
        status=CheckStatus.FAIL if is_over else CheckStatus.PASS,
        value=budget.spent(seconds, rate),
        limit=f"<= {budget.limit:g}",
        reason=over if is_over else None,
        how="proof",
        version=built.version,
        others=others,
        run=run,
    )
    accepted = (acceptances or {}).get(result.subject) if is_over else None
    return result if accepted is None else replace(result, accepted=accepted.to_json())


def _told(budget: Budget) -> list[object]:
    """What makes it another budget."""
    return [budget.limit, budget.currency] if budget.currency else [budget.limit]


def _unit(budget: Budget) -> str:
    return budget.currency or "seconds"
