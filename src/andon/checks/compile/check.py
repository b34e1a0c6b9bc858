"""A check bound to its columns: SQL over relations, one shape for each way to execute it.

Nothing is run here but the binder. `plain.py` runs a plan with one query for each check; a planner may fuse `RowPlan`s.
"""

from __future__ import annotations

from collections.abc import Sequence

from andon.base.names import did_you_mean, literal, quote, quote_name
from andon.base.recursion import deeply
from andon.checks.compile.aggregates import standalone, with_relations
from andon.checks.compile.mixed import mixed
from andon.checks.compile.nan import guarded, guarded_total, guards_within, is_float
from andon.checks.compile.plans import (
    AgePlan,
    Catalog,
    Plan,
    PublishedPlan,
    ReferencePlan,
    RowPlan,
    SchemaPlan,
    TotalPlan,
    UniquePlan,
    ViolationsPlan,
    named_others,
)
from andon.checks.compile.typed import Binds, Typer, is_common_number, surely_binds, surely_compare
from andon.checks.compile.values import between_sql, family, is_empty, is_whole, value_sql
from andon.checks.language import patterns
from andon.checks.language.answers import Unwritable
from andon.checks.language.expression import Expression, own_names, read_expression
from andon.errors import Problem
from andon.model.check import (
    AgainstOther,
    AgainstPublished,
    Between,
    Check,
    Comparison,
    InSet,
    Key,
    Literal,
    Matches,
    MaxAge,
    NotNull,
    Pattern,
    Range,
    Reference,
    RowRule,
    Rows,
    SchemaRule,
    Tolerance,
    TotalRule,
    Unique,
    Violations,
    Watch,
)
from andon.sql.bind import BindError

__all__ = [
    "SLACK",
    "AgePlan",
    "Catalog",
    "Plan",
    "PublishedPlan",
    "ReferencePlan",
    "RowPlan",
    "SchemaPlan",
    "TotalPlan",
    "UniquePlan",
    "ViolationsPlan",
    "compile_check",
]

#: How much the rounding of two doubles may add to their difference, as a share of the larger one.
SLACK = "1e-14"

#: A tolerance of no more characters compares with every common number.
_SHORT = 16


class _Refused(Exception):
    """A check that doesn't fit its columns."""

    def __init__(self, code: str, message: str, hint: str) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


def compile_check(check: Check, catalog: Catalog, binder: Binds) -> Plan | Problem:
    """The plan of a check, or why it doesn't fit: unknown columns and datasets, types that don't compare.

    Args:
        binder: for binding expressions; the datasets that are needed are declared in it.
    """
    try:
        return deeply(_Compiler(check, catalog, binder).plan)
    except _Refused as refused:
        return Problem(refused.code, refused.message, check.file, check.line, check.column, refused.hint)
    except (RecursionError, Unwritable):
        message = "the expression is nested too deeply"
        return Problem("project.bad_check", message, check.file, check.line, check.column, "split it")


class _Compiler:
    def __init__(self, check: Check, catalog: Catalog, binder: Binds) -> None:
        self._check = check
        self._catalog = catalog
        for name in named_others(check):
            if name not in catalog.columns:
                hint = did_you_mean(name, catalog.columns) or "name a dataset of the project"
                raise _Refused("project.unknown_dataset", f"there is no dataset `{name}`", hint)
        self._own = dict(catalog.columns[check.dataset])
        self._kinds = {name.lower(): kind for name, kind in self._own.items()}
        self._lower = frozenset(self._kinds)
        self._names = own_names(self._own.items())
        self._typer = Typer(check, catalog.columns, catalog.macros, binder)
        self._is_sure = False
        self._scope: str | None = None

    def plan(self) -> Plan:
        check = self._check
        scope = self._scope = None if check.where is None else self._condition(check.where, "`where`")
        match check.form:
            case NotNull(columns):
                self._known(columns)
                return RowPlan(" or ".join(f"{quote(column)} is null" for column in columns), scope)
            case Key(columns) | Unique(columns):
                self._known(columns)
                return UniquePlan(columns, isinstance(check.form, Key), scope)
            case Reference():
                return self._reference(check.form)
            case InSet() | Range() | Pattern() | Matches() | RowRule():
                bad = self._bad(check.form)
                expression = self._read(check.form.expression)
                if not self._is_sure and not surely_binds(check.form, expression.tree, self._kinds):
                    self._types([bad])
                return RowPlan(bad, scope, expression.has_window)
            case Rows(condition):
                return self._total("count(*)", condition)
            case TotalRule(expression, condition) | AgainstOther(expression, condition):
                return self._total(expression, condition)
            case Watch(expression):
                self._number(expression)
                return TotalPlan(self._guarded(expression), scope=scope)
            case AgainstPublished():
                return self._published(check.form)
            case MaxAge():
                return self._age(check.form)
            case SchemaRule():
                return SchemaPlan()
            case Violations():
                raise ValueError("the rule of a file is compiled by `rule_files.compile_rule`")

    # names and types

    def _known(self, columns: Sequence[str], dataset: str | None = None) -> None:
        dataset = dataset or self._check.dataset
        names = [name for name, _ in self._catalog.columns[dataset]]
        lower = {name.lower() for name in names}
        for column in columns:
            if column.lower() not in lower:
                hint = did_you_mean(column, names) or f"its columns are {', '.join(f'`{name}`' for name in names[:8])}"
                raise _Refused("project.unknown_column", f"`{dataset}` has no column `{column}`", hint)

    def _read(self, sql: str) -> Expression:
        found = read_expression(sql, self._names)
        if not isinstance(found, Expression):
            raise _Refused("project.bad_check", found.message, found.hint)
        named = {name.lower() for name in (found.outside if found.has_subquery else found.columns)} - self._lower
        name = next((part for part in self._check.dataset.lower().split(".") if part in named), None)
        if name is not None:  # to SQL the dataset's own name is the whole row
            message = f"`{self._check.dataset}` has no column `{name}`"
            raise _Refused("project.unknown_column", message, "name its columns alone, without the dataset")
        return found

    def _not_mixed(self, *found: Expression) -> None:
        """Refuse comparisons of a text with what is none, that of two values given included."""
        tree = found[0].tree
        if len(found) > 1:
            tree = {"class": "COMPARISON", "type": "COMPARE_EQUAL", "left": found[0].tree, "right": found[1].tree}
        wrong = mixed(tree, self._kinds, self._types)
        if wrong is not None:
            raise _Refused("project.bad_check", wrong.message, wrong.hint)

    def _types(self, expressions: Sequence[str], *, source: bool = True, dataset: str | None = None) -> list[str]:
        """Types of expressions over the dataset, or over another one; `source` is False for those with queries of their own."""
        try:
            if dataset is not None:
                return self._typer.types_of(expressions, dataset)
            return self._typer.types(expressions, self._kinds if source else None)
        except BindError as error:
            raise _Refused(
                error.code, error.message, error.hint or "see the dataset's columns and their types"
            ) from None

    def _number(self, sql: str, *, source: bool = True) -> str:
        kind = self._types([sql], source=source)[0]
        if family(kind) != "number":
            raise _Refused("project.bad_check", f"`{sql}` is {kind}, not a number", "use a total that is a number")
        return kind

    # rows

    def _bad(self, form: InSet | Range | Pattern | Matches | RowRule) -> str:
        match form:
            case RowRule(sql, None, None):
                return self._rule(sql)
            case RowRule(left, str() as right, Tolerance() as tolerance):
                return f"({self._within(left, right, tolerance)}) is false"
            case Range(sql, between):
                kind = self._types([sql])[0]
                test = between_sql(sql, between, kind)
                if isinstance(test, Literal):
                    raise _uncomparable(sql, kind, test)
                _not_empty(between, kind)
                return f"({test}{self._not_nan(sql, kind)}) is false"
            case InSet():
                return self._membership(form)
            case Matches(sql, regex):
                kind = self._types([sql])[0]
                if family(kind) != "text":
                    raise _Refused(
                        "project.bad_check",
                        f"`{sql}` is {kind}, not a text",
                        f"a text is asked for here: `({sql})::varchar` is one",
                    )
                return f"regexp_full_match({sql}, {literal(regex)}) is false"
            case Pattern(sql, name):
                kind = self._types([sql])[0]
                value = f"({sql})" if kind == "VARCHAR" else f"({sql})::varchar"
                own = self._catalog.patterns.get(name)
                test = (
                    f"regexp_full_match({value}, {literal(own)})"
                    if own is not None
                    else patterns.predicate(name, value)
                )
                return f"{value} is not null and ({test}) is not true"
        raise AssertionError(f"unreachable: {form}")

    def _not_nan(self, sql: str, kind: str, *, itself: bool = True) -> str:
        """What makes NaN fail a test of the value `sql`: in the value itself, and in comparisons within it."""
        guards = [f"not isnan({sql})"] if itself and is_float(kind) else []
        guards += guards_within(self._read(sql).tree, self._types)
        return "".join(f" and {guard}" for guard in guards)

    def _membership(self, form: InSet) -> str:
        kind = self._types([form.expression])[0]
        listed = []
        for value in form.values:
            sql = value_sql(value, kind)
            if sql is None:
                raise _uncomparable(form.expression, kind, value)
            listed.append(sql)
        word = "not in" if form.negated else "in"
        guard = self._not_nan(form.expression, kind, itself=form.negated)
        return f"(({form.expression}) {word} ({', '.join(listed)}){guard}) is false"

    def _rule(self, sql: str) -> str:
        return f"({self._condition(sql, 'the rule')}) is false"

    def _condition(self, sql: str, what: str) -> str:
        """A condition on a row, so that NaN satisfies none."""
        found = self._read(sql)
        self._not_mixed(found)
        kind = self._types([sql])[0]
        if kind != "BOOLEAN":
            raise _Refused("project.bad_check", f"{what} is {kind}, not true or false", "compare it with something")
        read = {name.lower() for name in found.columns}
        floats = any(is_float(kind) or "(" in kind or "[" in kind for name, kind in self._kinds.items() if name in read)
        return guarded(sql, found.tree, self._types, floats)

    def _within(self, left: str, right: str, tolerance: Tolerance) -> str:
        kinds = self._types([left, right])
        if kinds == ["DATE", "DATE"] and not tolerance.relative:
            return f"abs(({left}) - ({right})) <= {tolerance.amount}"
        for sql, kind in zip((left, right), kinds, strict=True):
            if family(kind) != "number":
                raise _Refused(
                    "project.bad_check", f"`+-` needs numbers, and `{sql}` is {kind}", "compare without `+-`"
                )
        # differences of common numbers always bind, and their sides were bound just now
        amount = format(tolerance.amount, "f")
        self._is_sure = all(is_common_number(kind) for kind in kinds) and len(amount) <= _SHORT
        if not tolerance.relative and not any(is_float(kind) for kind in kinds):
            wide = "::hugeint" if all(is_whole(kind) for kind in kinds) else ""
            return f"abs(({left}){wide} - ({right}){wide}) <= {amount}"
        one, other = f"({left})::double", f"({right})::double"
        limit = f"{amount}::double * abs({other})" if tolerance.relative else f"{amount}::double"
        slack = f"{SLACK} * greatest(abs({one}), abs({other}))"
        near = f"isfinite({one} - {other}) and abs({one} - {other}) <= {limit} + {slack}"
        return f"(({one} = {other} or {near}) and not isnan({one}) and not isnan({other}))"

    def _reference(self, form: Reference) -> ReferencePlan:
        targets = form.targets
        if targets is None:
            key = tuple(self._catalog.keys.get(form.dataset, ()))
            targets = key if len(key) == len(form.columns) else form.columns
        self._known(form.columns)
        self._known(targets, form.dataset)
        there = {name.lower(): kind for name, kind in self._catalog.columns[form.dataset]}
        for column, target in zip(form.columns, targets, strict=True):
            kinds = self._kinds[column.lower()], there[target.lower()]
            if family(kinds[0]) != family(kinds[1]):
                message = f"`{column}` is {kinds[0]} and `{form.dataset}.{target}` is {kinds[1]}: they don't compare"
                raise _Refused("project.bad_check", message, "cast one of them in its dataset")
        return ReferencePlan(form.columns, form.dataset, targets, self._scope)

    # totals

    def _total(self, sql: str, condition: Comparison | Between) -> TotalPlan:
        scope = self._scope
        limit = condition.right if isinstance(condition, Comparison) else None
        needs = isinstance(self._check.form, AgainstOther)
        found = [self._read(one) for one in (sql, limit) if one is not None]
        if needs or any(one.datasets for one in found):
            sql = self._standalone(sql)
            limit = self._standalone(limit) if limit is not None else None
            needs = True
        else:
            self._not_mixed(*found)
            sql = self._guarded(sql)
            limit = self._guarded(limit) if limit is not None else None
        bound = self._bound(sql) if needs else sql
        kind = self._types([bound], source=not needs)[0]
        if isinstance(condition, Between):
            test = between_sql(sql, condition, kind)
            if isinstance(test, Literal):
                raise _uncomparable(self._check.text, kind, test)
            _not_empty(condition, kind)
            return TotalPlan(sql, None, test, scope, needs)
        assert limit is not None
        if condition.tolerance is not None:
            self._number(bound, source=not needs)
            self._number(self._bound(limit) if needs else limit, source=not needs)
            return TotalPlan(sql, limit, None, scope, needs)
        holds = f"({sql}) {condition.operator} ({limit})"
        if needs and not limit.startswith("'"):
            other = self._types([self._bound(limit)], source=False)[0]
            if {family(kind), family(other)} & {"text"} and family(kind) != family(other):
                message = f"the totals are {kind} and {other}, which don't compare"
                raise _Refused("project.bad_check", message, "cast one of them")
        if needs or not surely_compare(found[0].tree, found[1].tree, self._kinds):
            self._types([self._bound(holds) if needs else holds], source=not needs)
        return TotalPlan(sql, limit, holds, scope, needs)

    def _guarded(self, sql: str, dataset: str | None = None) -> str:
        """A total so that no condition in it is true for NaN; `dataset` is another one whose columns it names alone."""
        if dataset is None or dataset == self._check.dataset:
            return guarded_total(sql, self._read(sql).tree, self._types)
        if "'" in sql:
            self._types([sql], dataset=dataset)
        found = read_expression(sql, own_names(self._catalog.columns[dataset]))
        if not isinstance(found, Expression):
            return sql
        return guarded_total(sql, found.tree, lambda texts: self._types(texts, dataset=dataset))

    def _standalone(self, sql: str) -> str:
        made = standalone(sql, self._check.dataset, self._names, self._guarded)
        if isinstance(made, str):
            return made
        raise _Refused("project.bad_check", made.message, made.hint)

    def _bound(self, sql: str) -> str:
        """A standalone expression over the datasets as they are declared, for binding."""
        return with_relations(sql, quote_name(self._check.dataset), quote_name)

    def _published(self, form: AgainstPublished) -> PublishedPlan:
        if form.expression is not None:
            self._number(form.expression)
            return PublishedPlan(self._guarded(form.expression), scope=self._scope)
        if form.measure == "rows":
            return PublishedPlan("count(*)", scope=self._scope)
        key = self._check.columns[: len(self._catalog.keys[self._check.dataset])]
        self._known(key)
        return PublishedPlan(None, key, form.measure == "changed rows", self._scope)

    def _age(self, form: MaxAge) -> AgePlan:
        kind = self._types([form.expression])[0]
        if family(kind) != "time":
            message = f"`{form.expression}` is {kind}, not a date or time"
            raise _Refused("project.bad_check", message, "name a column of dates or timestamps, or cast it")
        stamp = "timestamptz" if kind.endswith("ZONE") else "timestamp"
        newest = f"max({form.expression})::{stamp}"
        return AgePlan(f"epoch_us({newest})", f"{newest} = 'infinity'::{stamp}", self._scope)


def _not_empty(between: Between, kind: str) -> None:
    if is_empty(between, kind):
        assert between.low is not None
        assert between.high is not None
        message = f"nothing lies within {between.low.shown}..{between.high.shown}"
        raise _Refused("project.bad_check", message, "write the smaller bound first")


def _uncomparable(sql: str, kind: str, value: Literal) -> _Refused:
    message = f"`{sql}` is {kind}, which doesn't compare with {value.shown}"
    hint = (
        "put numbers in no quotes"
        if family(kind) == "number"
        else f"write a value that is {kind}, or cast the expression"
    )
    return _Refused("project.bad_check", message, hint)
