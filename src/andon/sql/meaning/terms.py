"""What the meaning of a plan is written in: relations as products of factors under filters, and terms over the factors' rows.

A relation is a bag of *environments*: one row for each of its factors, such that all filters hold. A term is a value that an
environment has. Names, nesting, the order of conditions and of inner joins are gone in it. Two relations of equal digest have the
same environments, and two terms of equal digest the same value in each of them, whatever the datasets hold; unequal digests say nothing.

Two marks go along. *Open*: the engine may choose (a LIMIT without a full order, `first`): the digest then holds that of the whole
plan as it stands, so that only plans that are the same letter by letter are equal. *Rounded*: the order of adding floating-point
numbers shows in the last digits.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from andon.base.record import Record, field

#: More factors than this in one product are closed into one: two ways to write it are then less often seen to be equal.
_MOST_FACTORS = 40

#: More orders than this of factors that are alike are not tried.
_MOST_ORDERS = 24

_LENGTH = 32


def mark(*parts: Any) -> str:
    """A digest of JSON values."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:_LENGTH]


class Marks(NamedTuple):
    """What goes along with a value or a factor; see above."""

    open: bool = False
    rounded: bool = False


NO_MARKS = Marks()


def joined(*found: Marks | Factor | Term | Closed) -> Marks:
    """All marks together."""
    return Marks(any(one.open for one in found), any(one.rounded for one in found))


class Factor:
    """One part of a product: a dataset, a group, an outer join's other side, a list that is unnested.

    Attributes:
        label: what it is, as a digest or a plain name.
        parts: what it takes from factors of the same product; a factor without is closed.
        single: it has exactly one row.
        scan: it is a dataset as it lies.
        choice: by what the engine chooses its rows, if how many there are is all that its label says.
    """

    __slots__ = ("choice", "label", "open", "parts", "rounded", "scan", "single")

    def __init__(
        self,
        label: str,
        parts: Iterable[Term] = (),
        *,
        single: bool = False,
        scan: bool = False,
        choice: str = "",
        marks: Marks = NO_MARKS,
    ) -> None:
        self.label = label
        self.parts = tuple(parts)
        self.single = single and not self.parts
        self.scan = scan
        self.choice = choice
        self.open, self.rounded = joined(marks, *self.parts)


class Term:
    """A value over the environments of a relation.

    Attributes:
        label: what is done with the parts, or which column of the factor it is.
        parts: terms that it is made of.
        factors: factors that it looks at itself, in their order.
        unordered: the order of the parts says nothing; `once` neither how often each stands there.
        unsorted: of a list made in the order of the rows: the same list in whatever order, for a function that sorts it.
        only: of the `first` of a scalar subquery: what it is if there is but one row, and the count of the rows.
        subquery: its value needs a join of its own.
    """

    __slots__ = ("factors", "label", "once", "only", "open", "parts", "rounded", "subquery", "unordered", "unsorted")

    def __init__(
        self,
        label: str,
        parts: Iterable[Term] = (),
        factors: Iterable[Factor] = (),
        *,
        unordered: bool = False,
        once: bool = False,
        only: tuple[Term, Term] | None = None,
        marks: Marks = NO_MARKS,
        subquery: bool = False,
    ) -> None:
        self.label = label
        self.parts = tuple(parts)
        self.factors = tuple(factors)
        self.unordered = unordered
        self.once = once
        self.only = only
        self.unsorted: Term | None = None
        self.open, self.rounded = joined(marks, *self.parts)
        self.subquery: bool = subquery or any(part.subquery for part in self.parts)

    def remade(self, parts: Iterable[Term], factors: Iterable[Factor]) -> Term:
        """The same over other parts and factors."""
        return Term(
            self.label,
            parts,
            factors,
            unordered=self.unordered,
            once=self.once,
            marks=joined(self),
            subquery=self.subquery,
        )


class MeantColumn(Record):
    """A column between two operators: its value, the place and the type that expressions may name it by."""

    term: Term
    place: tuple[int, int] | None = None
    kind: Mapping[str, Any] | None = None


class MeantRelation(Record):
    """The result of an operator.

    Attributes:
        cells: its columns, in the order by which expressions count them.
        factors, filters: its environments.
        order: the keys by which its rows are sorted, if they are.
    """

    cells: list[MeantColumn] = field(default_factory=list)
    factors: list[Factor] = field(default_factory=list)
    filters: list[Term] = field(default_factory=list)
    order: tuple[Term, ...] = ()

    def with_cells(self, cells: list[MeantColumn]) -> MeantRelation:
        """The same rows with other columns."""
        return MeantRelation(cells, self.factors, self.filters, self.order)

    def filtered(self, conditions: Iterable[Term]) -> MeantRelation:
        """The environments in which `conditions` hold too."""
        return MeantRelation(self.cells, self.factors, [*self.filters, *conditions], self.order)

    def with_factor(self, factor: Factor, cells: list[MeantColumn]) -> MeantRelation:
        """The product with one factor more."""
        return MeantRelation(cells, [*self.factors, factor], self.filters, self.order)

    @property
    def is_plain(self) -> bool:
        """Whether it is one dataset as it lies, filtered by nothing but its own values: its rows come in the dataset's order."""
        return (
            len(self.factors) == 1
            and self.factors[0].scan
            and not any(condition.subquery for condition in self.filters)
        )


class Closed:
    """A relation with its digest, and the digests of terms over it."""

    def __init__(self, relation: MeantRelation) -> None:
        self.factors: list[Factor] = []
        self._ranks: dict[Factor, str] = {}
        self._known: dict[int, str] = {}
        # ids are only unique as long as what they belong to lives
        self._kept: list[Term] = []
        best: tuple[list[str], ...] | None = None
        orders = _orders(relation.factors)
        for order in orders:
            found = self._numbered(order, relation, ties=len(orders) > 1)
            if best is None or found < best:
                best, chosen = found, order
        assert best is not None
        if len(orders) > 1:
            self._numbered(chosen, relation)
        self.rows = mark("rows", *best[:2])
        self.open, self.rounded = joined(*relation.factors, *relation.filters)

    def _numbered(self, order: Sequence[Factor], relation: MeantRelation, ties: bool = False) -> tuple[list[str], ...]:
        """Number the factors; what they are then called, the filters over them, and to break ties the columns."""
        self.factors, self._ranks, self._known, self._kept = [], {}, {}, []
        counted = self._rank(order)
        filters = sorted({self.digest(condition) for condition in relation.filters})
        return counted, filters, self.digests(relation.cells) if ties else []

    def digest(self, term: Term) -> str:
        """The digest of a term over the relation's factors."""
        found = self._known.get(id(term))
        if found is None:
            parts = [self.digest(part) for part in term.parts]
            if term.unordered:
                parts = sorted(set(parts)) if term.once else sorted(parts)
            if term.once and len(parts) == 1:
                found = parts[0]
            else:
                found = mark(term.label, term.unordered, [self._ranks[factor] for factor in term.factors], parts)
            self._known[id(term)] = found
            self._kept.append(term)
        return found

    def digests(self, cells: Iterable[MeantColumn]) -> list[str]:
        """The digests of columns."""
        return [self.digest(cell.term) for cell in cells]

    def _rank(self, factors: Sequence[Factor]) -> list[str]:
        """Number the factors: the closed ones by what they are, then those over them. Of two alike, the first stays the first."""
        for factor in factors:
            if factor.single:
                # with one row there is no telling two of them apart, and none multiplies anything
                self._ranks[factor] = f"single {factor.label}"
        left = [factor for factor in factors if not factor.single]
        counted: list[str] = []
        while left:
            ready = [factor for factor in left if self._is_ready(factor)]
            if not ready:
                raise ValueError("factors that need each other")
            named = [(mark(factor.label, [self.digest(part) for part in factor.parts]), factor) for factor in ready]
            named.sort(key=lambda pair: pair[0])
            for name, factor in named:
                self._ranks[factor] = f"{len(counted)}"
                self.factors.append(factor)
                counted.append(name)
            left = [factor for factor in left if factor not in self._ranks]
        return counted

    def _is_ready(self, factor: Factor) -> bool:
        return all(self._is_ranked(part) for part in factor.parts)

    def _is_ranked(self, term: Term) -> bool:
        if id(term) in self._known:
            return True
        return all(factor in self._ranks for factor in term.factors) and all(
            self._is_ranked(part) for part in term.parts
        )


def _orders(factors: Sequence[Factor]) -> list[Sequence[Factor]]:
    """The orders in which factors may be numbered: those that are alike in any order, unless that is too many."""
    alike: dict[str, list[int]] = {}
    for index, factor in enumerate(factors):
        if not factor.single:
            alike.setdefault(factor.label, []).append(index)
    groups = [places for places in alike.values() if len(places) > 1]
    if not groups or math.prod(math.factorial(len(places)) for places in groups) > _MOST_ORDERS:
        return [factors]
    found = []
    for choice in itertools.product(*(itertools.permutations(places) for places in groups)):
        order = list(factors)
        for places, permuted in zip(groups, choice, strict=True):
            for place, source in zip(places, permuted, strict=True):
                order[place] = factors[source]
        found.append(order)
    return list(found)


def substituted(terms: Sequence[Term], leaf: Callable[[Term], Term]) -> list[Term]:
    """Copies of terms in which `leaf` stands for each that looks at factors itself."""
    known: dict[int, Term] = {}

    def copied(term: Term) -> Term:
        found = known.get(id(term))
        if found is None:
            if term.factors:
                found = leaf(term)
            elif term.parts:
                found = term.remade([copied(part) for part in term.parts], ())
            else:
                found = term
            known[id(term)] = found
        return found

    return [copied(term) for term in terms]


def fresh(relation: MeantRelation) -> MeantRelation:
    """A copy with factors of its own: the same rows, read a second time."""
    others: dict[Factor, Factor] = {}

    def leaf(term: Term) -> Term:
        return term.remade(substituted(term.parts, leaf), [others[factor] for factor in term.factors])

    for factor in relation.factors:
        parts = substituted(factor.parts, leaf)
        others[factor] = Factor(
            factor.label,
            parts,
            single=factor.single,
            scan=factor.scan,
            choice=factor.choice,
            marks=joined(factor),
        )
    count = len(relation.cells)
    terms = substituted([cell.term for cell in relation.cells] + relation.filters + list(relation.order), leaf)
    cells = [MeantColumn(term, cell.place, cell.kind) for term, cell in zip(terms[:count], relation.cells, strict=True)]
    end = count + len(relation.filters)
    return MeantRelation(cells, list(others.values()), terms[count:end], tuple(terms[end:]))


def sealed(
    relation: MeantRelation, label: str | None = None, closed: Closed | None = None, marks: Marks = NO_MARKS
) -> MeantRelation:
    """The relation as one factor: what was computed before stays, what comes later is done to its rows.

    Args:
        relation: any.
        label: what was done with its rows; None for nothing.
        closed: its digests, where they are known already.
        marks: of the factor, beside the relation's own.
    """
    known = closed or Closed(relation)
    factor = Factor(label or known.rows, marks=joined(known, marks))

    def leaf(term: Term) -> Term:
        return Term(known.digest(term), (), (factor,), marks=joined(term))

    terms = substituted([cell.term for cell in relation.cells], leaf)
    cells = [MeantColumn(term, cell.place, cell.kind) for term, cell in zip(terms, relation.cells, strict=True)]
    return MeantRelation(cells, [factor])


def product(left: MeantRelation, right: MeantRelation) -> MeantRelation:
    """Every row with every row."""
    found = MeantRelation(left.cells + right.cells, left.factors + right.factors, left.filters + right.filters)
    return sealed(found) if len(found.factors) > _MOST_FACTORS else found
