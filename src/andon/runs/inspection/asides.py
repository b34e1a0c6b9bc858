"""Which rows the checks of a dataset set aside, as SQL over the columns that it really has."""

from __future__ import annotations

from collections.abc import Sequence

from andon.checks.compile.plans import RowPlan
from andon.errors import DatasetError, ProjectError
from andon.model.dataset import Dataset
from andon.model.quarantine import AsideRule
from andon.model.version import Columns
from andon.runs.inspection.book import CheckBook


def aside_rules(book: CheckBook, said: Dataset, columns: Sequence[tuple[str, str]]) -> Sequence[AsideRule]:
    """The rules by which rows are set aside of a result with these columns.

    Raises:
        DatasetError: `project.bad_check` where a line does not fit them: nothing is written that nobody could part.
    """
    known: dict[str, Columns | None] = {name: book.columns(name) for name in book.named(said)}
    try:
        compiled = book.compiled(said, {**known, said.name: columns})
    except ProjectError as error:
        first = error.problems[0]
        where = first.file if first.line is None else f"{first.file}:{first.line}"
        raise DatasetError(first.code, first.message, where=where, hint=first.hint) from error
    rules = []
    for each in compiled:
        if each.check.quarantine is None:
            continue
        if not isinstance(each.plan, RowPlan) or each.plan.has_window:
            message = f"`{each.check.label}` does not tell by the row alone whether it is bad"
            raise DatasetError(
                "project.bad_check",
                message,
                where=f"{each.check.file}:{each.check.line}",
                hint="leave `quarantine` out: then the check holds",
            )
        bad, scope = each.plan.bad, each.plan.scope
        sql = f"({bad})" if scope is None else f"case when ({scope}) then ({bad}) else false end"
        rules.append(AsideRule(each.check.id, each.check.spoken, sql))
    return rules
