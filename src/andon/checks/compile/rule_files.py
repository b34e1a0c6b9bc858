"""Rules across datasets (`checks/*.sql`) as checks: every row that the SELECT returns is a violation."""

from __future__ import annotations

from andon.base.names import did_you_mean
from andon.base.text import excerpt
from andon.checks.compile.check import Catalog, ViolationsPlan
from andon.errors import Problem
from andon.model.check import Check, CheckKind, Violations, check_id
from andon.model.dataset import ClockUse
from andon.model.rule import Rule
from andon.sql.bind import Binder, BindError


def rule_check(rule: Rule) -> Check:
    """The rule as a check of the first dataset that it names; the others are among its `others`.

    The id is that of what the SQL means: neither layout nor comments change it.
    """
    first, *rest = rule.datasets
    return Check(
        id=check_id(first, Violations(rule.meaning), None, rule.allow),
        dataset=first,
        text=rule.file,
        form=Violations(rule.sql, rule.macros),
        kind=CheckKind.ROW,
        name=rule.name,
        severity=rule.severity,
        allow=rule.allow,
        why=rule.why,
        others=tuple(sorted(rest)),
        uses_clock=rule.clock is not ClockUse.NONE,
        file=rule.file,
        line=1,
        column=1,
    )


def compile_rule(check: Check, catalog: Catalog, binder: Binder) -> ViolationsPlan | Problem:
    """The plan of a rule's check, or why its SQL doesn't fit the datasets: with the place in the file.

    Args:
        check: made by `rule_check`.
        binder: for binding the SQL; the datasets that it reads are declared in it.

    Raises:
        ValueError: if the check is not that of a rule.
    """
    form = check.form
    if not isinstance(form, Violations):
        raise ValueError("the check is no rule of a file")
    for name in (check.dataset, *check.others):
        if name not in catalog.columns:
            hint = did_you_mean(name, catalog.columns) or "name a dataset of the project"
            message = f"there is no dataset `{name}`"
            return Problem("project.unknown_dataset", message, check.file, check.line, check.column, hint)
        binder.declare(name, list(catalog.columns[name]))
    try:
        columns = binder.bind(form.sql, form.macros)
    except BindError as error:
        shown = None if error.line is None else excerpt(form.sql, error.line, error.column)
        return Problem(error.code, error.message, check.file, error.line, error.column, error.hint, shown)
    return ViolationsPlan(form.sql, form.macros, tuple(columns))
