"""What the changes of a plan mean: verdicts of changed definitions, carried downstream, and proofs that a result still holds.

Everything is worked out when it is asked for and kept for the plan; verdicts and lineages are known by content after the first time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from andon.base.cache import Entries
from andon.base.clock import to_text
from andon.base.hashing import content_id
from andon.base.record import replace
from andon.base.text import words_in
from andon.engines.types import lake_type
from andon.errors import AndonError
from andon.model.dataset import ClockUse, Definition, Kind, Materialize
from andon.model.verdict import Verdict, VerdictKind
from andon.model.version import Columns

if TYPE_CHECKING:
    from andon.model.build import Build
    from andon.model.commit import State
    from andon.runs.planning.steps import SourceInput
    from andon.sql.verdict import DefinitionQuery
    from andon.workspace.workspace import Workspace


#: Whether rows are the engine's choice, the columns that are, the same of what hangs on last digits, and whether all lies in one way.
_Meaning = tuple[bool, list[str], bool, list[str], bool]

_VERDICTS = Entries[Verdict]("verdict", Verdict, 6)
_MEANINGS = Entries[_Meaning]("meaning", _Meaning, 5)


#: What of a dataset changed where nobody can look into it.
_CHANGED = {
    Kind.PYTHON: "its Python changed",
    Kind.SOURCE: "how it reads its files changed",
    Kind.SQL: "its own Spark SQL changed",
    Kind.QUARANTINE: "what is set aside changed",
}


class ProposedCode(Protocol):
    """Code, and the state that it would replace; `Gathered` is one."""

    @property
    def definitions(self) -> Mapping[str, Definition]: ...

    @property
    def state(self) -> State: ...

    @property
    def sources(self) -> Mapping[str, SourceInput]: ...


class Changes:
    """Verdicts and proofs for one plan.

    Args:
        bound: columns that changed code returns, as the plan bound them.
        old: definitions of the head's leaves that differ from the code's, by id.
        moment: the logical time of the plan; None where nothing will be built.
    """

    def __init__(
        self,
        workspace: Workspace,
        gathered: ProposedCode,
        bound: Mapping[str, Columns],
        old: Mapping[str, Definition],
        moment: datetime | None = None,
    ) -> None:
        self._workspace = workspace
        self._moment = moment
        self._gathered = gathered
        self._bound = bound
        self._old = old
        self._own: dict[str, Verdict | None] = {}
        self._whole: dict[str, Verdict | None] = {}
        self._before: dict[str, Columns | None] = {}
        self._builds: dict[str, Build | None] = {}
        self._remade: Set[str] = frozenset()

    def own(self, dataset: str) -> Verdict | None:
        """What the change of a dataset's own definition means; None for a new dataset, or when its past is not known."""
        if dataset not in self._own:
            self._own[dataset] = self._judge(dataset)
        return self._own[dataset]

    def whole(self, dataset: str) -> Verdict | None:
        """The verdict with all that changes in what the dataset reads, and what making it again may bring."""
        if dataset not in self._whole:
            self._whole[dataset] = self._remaking(dataset, self._carry(dataset))
        return self._whole[dataset]

    def will_remake(self, datasets: Set[str]) -> None:
        """Say which datasets have, or will have, another version; those above a dataset are to be known before it is judged."""
        self._remade = datasets

    def prove(self, dataset: str, changed: Sequence[str], remade: Set[str]) -> str | None:
        """Why the published version of a dataset is what its definition gives over changed inputs, too; None without a proof.

        Args:
            changed: its inputs that have, or will have, another version.
            remade: all datasets of which that is known by now, those above this one among them.
        """
        self.will_remake(remade)
        definition = self._gathered.definitions[dataset]
        leaf = self._gathered.state.leaves.get(dataset)
        if leaf is None or not _is_pure(definition) or leaf.materialize != str(Materialize.TABLE):
            return None
        if self._is_corrected_otherwise(leaf.definition, definition):
            return None
        if leaf.definition != definition.id:
            before = self._old.get(leaf.definition)
            if (
                before is None or before.parting != definition.parting
            ):  # which rows are set aside is no part of the verdict
                return None
        own = self.own(dataset)
        if own is None or own.kind is not VerdictKind.NONE or own.reordered:
            return None
        if self._left_behind_by(dataset) is not None or self._is_lost(leaf.version):
            return None
        if not changed:
            return own.proof if leaf.definition != definition.id else None
        verdicts = {name: self.whole(name) for name in changed}
        words = words_in("\n".join((definition.sql or "", *definition.macros)))
        for verdict in verdicts.values():
            if verdict is None or verdict.rows or any(name.lower() in words for name in verdict.touched):
                return None
        from andon.sql.reuse import Reuse, can_reuse

        old, new = self._schemas(definition, before=True), self._schemas(definition, before=False)
        if old is None or new is None:
            return None
        found = can_reuse(definition.sql or "", definition.macros, old, new, verdicts)
        return _told(found.proofs) if isinstance(found, Reuse) else None

    # -- parts

    def _is_corrected_otherwise(self, before: str, definition: Definition) -> bool:
        """Whether a leaf's rows were corrected, or are to be, in a way that no text says."""
        old = self._old.get(before)
        return old is not None and old.corrected != definition.corrected

    def _judge(self, dataset: str) -> Verdict | None:
        leaf = self._gathered.state.leaves.get(dataset)
        new = self._gathered.definitions.get(dataset)
        if leaf is None or new is None:
            return None
        same = leaf.definition == new.id
        # an unchanged text may say something else over other columns: `*` takes what is there
        if same and (new.kind is not Kind.SQL or self._schemas(new, before=True) == self._schemas(new, before=False)):
            return self._of_data(dataset)
        old = new if same else self._old.get(leaf.definition)
        if old is None:
            return None
        if old.kind is not Kind.SQL or new.kind is not Kind.SQL or old.spark_sql != new.spark_sql:
            return self._by_schema(dataset, old, new)
        before, after = self._schemas(old, before=True), self._schemas(new, before=False)
        if before is None or after is None:
            return self._by_schema(dataset, old, new)
        key = content_id([old.id, new.id, _plain(before), _plain(after)])
        known = self._workspace.cache.get(_VERDICTS, [key]).get(key)
        if known is None:
            from andon.sql.verdict import verdict

            known = verdict(
                _query(old),
                _query(new),
                before,
                after,
                stored=_stored,
            )
            self._workspace.cache.put(_VERDICTS, {key: known})
        return known

    def _of_data(self, dataset: str) -> Verdict:
        """The verdict where the definition stays: nothing, or for a source what its files change."""
        source = self._gathered.sources.get(dataset)
        if source is None or not (source.added or source.changed or source.removed):
            return Verdict(VerdictKind.NONE, proof="the definition is the same")
        from andon.sql.verdict import verdict_of_schemas

        key = self._gathered.definitions[dataset].key
        return verdict_of_schemas(
            self._columns_before(dataset) or (),
            [(name, _stored(kind)) for name, kind in self._columns_now(dataset) or ()],
            reason="its files are others",
            old_key=key,
            new_key=key,
        )

    def _by_schema(self, dataset: str, old: Definition, new: Definition) -> Verdict:
        from andon.sql.verdict import verdict_of_schemas

        return verdict_of_schemas(
            self._columns_before(dataset) or (),
            [(name, _stored(kind)) for name, kind in self._columns_now(dataset) or ()],
            reason=_CHANGED[new.kind],
            old_key=old.key,
            new_key=new.key,
            was=dict(new.was),
        )

    def _carry(self, dataset: str) -> Verdict | None:
        own = self.own(dataset)
        definition = self._gathered.definitions.get(dataset)
        if own is None or definition is None:
            return own
        columns = [name for name, _ in self._columns_now(dataset) or ()]
        behind = self._left_behind_by(dataset)
        if behind is not None:
            return _all_rows(own, columns, f"its published result was made of another `{behind}`")
        inputs = {name: self.whole(name) for name in definition.inputs}
        changed = {name: v for name, v in inputs.items() if v is None or v.is_remade}
        if not changed:
            return own
        if any(v is None for v in changed.values()) or definition.kind is not Kind.SQL:
            return _all_rows(own, columns, f"`{next(iter(changed))}` changes")
        from andon.lineage.graph import TraceQuestion, trace
        from andon.sql.verdict import carried

        schemas = self._schemas(definition, before=False)
        if schemas is None:
            return _all_rows(own, columns, f"`{next(iter(changed))}` changes")
        question = TraceQuestion(definition.id, definition.sql or "", schemas, definition.macros)
        lineage = trace({dataset: question}, self._workspace.cache)[dataset]
        known = {name: v for name, v in changed.items() if v is not None}
        is_open, is_fixed = self._is_open(definition, schemas), self._meaning(definition, schemas)[-1]
        return carried(own, columns, lineage, known, is_open=is_open, is_fixed=is_fixed)

    def _remaking(self, dataset: str, verdict: Verdict | None) -> Verdict | None:
        """The verdict with what is other merely because the dataset is made again: by the clock, by chance, by the engine's choice."""
        definition = self._gathered.definitions.get(dataset)
        if dataset not in self._remade or verdict is None or verdict.rows or definition is None:
            return verdict
        columns = [name for name, _ in self._columns_now(dataset) or ()]
        if definition.kind is not Kind.SQL or definition.allow:
            return _all_rows(verdict, columns, "it is made again, and nothing says that it comes out the same")
        if definition.clock is not ClockUse.NONE and not self._is_same_time(dataset, definition):
            return _all_rows(verdict, columns, "it reads the clock")
        schemas = self._schemas(definition, before=False)
        every, some = (True, []) if schemas is None else self._choices(definition, schemas)
        if every:
            return _all_rows(verdict, columns, "it is made again, and depends on how rows lie")
        fresh = {*verdict.added, *(new for _, new in verdict.renamed), *verdict.columns}
        more = [name for name in some if name not in fresh]
        if not more:
            return verdict
        kind = max(verdict.kind, VerdictKind.COLUMNS, key=list(VerdictKind).index)
        listed = ", ".join(f"`{name}`" for name in more)
        reason = f"it is made again, and the engine may choose {listed}"
        merged = tuple(name for name in columns if name in verdict.columns or name in more)
        return replace(verdict, kind=kind, columns=merged, proof="", reasons=(*verdict.reasons, reason))

    def _is_open(self, definition: Definition, schemas: Mapping[str, Columns]) -> bool:
        """Whether a result depends on how the rows of its inputs lie."""
        every, _ = self._choices(definition, schemas)
        return every or bool(self._meaning(definition, schemas)[1])

    def _choices(self, definition: Definition, schemas: Mapping[str, Columns]) -> tuple[bool, list[str]]:
        """Whether making a result again may give other rows; and if not, in which columns it may give other values.

        Last digits of floating-point sums count where they are kept; a view may give others whenever it is read.
        """
        rows_open, chosen, rows_rounded, rounded, _ = self._meaning(definition, schemas)
        if definition.materialize is Materialize.VIEW:
            return rows_open, chosen
        return rows_open or rows_rounded, sorted({*chosen, *rounded})

    def _meaning(self, definition: Definition, schemas: Mapping[str, Columns]) -> _Meaning:
        """What of a result is the engine's choice: the rows or some columns, and the last digits that decide over rows or columns."""
        key = content_id([definition.id, _plain(schemas)])
        found = self._workspace.cache.get(_MEANINGS, [key]).get(key)
        if found is None:
            from andon.sql.meaning.query import meaning_of

            meaning = meaning_of(definition.sql or "", schemas, definition.macros)
            rows_open = meaning.rows_open or meaning.reason is not None
            found = (
                rows_open,
                sorted(meaning.open),
                meaning.rows_rounded,
                sorted(meaning.rounded),
                meaning.is_fixed,
            )
            self._workspace.cache.put(_MEANINGS, {key: found})
        return found

    def _is_same_time(self, dataset: str, definition: Definition) -> bool:
        """Whether the published result reads the clock as this plan does."""
        build = self._build(dataset)
        if build is None or self._moment is None or definition.clock is not ClockUse.DATE:
            return False
        return (build.logical_time or "")[:10] == to_text(self._moment)[:10]

    def _left_behind_by(self, dataset: str) -> str | None:
        """An input of which the published version was not made as it is published; None if it was made of just what is there."""
        leaves = self._gathered.state.leaves
        build = self._build(dataset)
        if build is None:
            return dataset
        for name, version in build.inputs.items():
            if name not in leaves or leaves[name].version != version:
                return name
        return None

    def _build(self, dataset: str) -> Build | None:
        if dataset not in self._builds:
            id = self._gathered.state.leaves[dataset].build
            self._builds[dataset] = self._workspace.lake.objects.builds([id]).get(id)
        return self._builds[dataset]

    def _is_lost(self, version: str) -> bool:
        objects = self._workspace.lake.objects
        found = objects.versions([version]).get(version)
        return found is None or objects.is_lost(found)

    def _schemas(self, definition: Definition, *, before: bool) -> dict[str, Columns] | None:
        """Columns of what a definition reads, as published or as they will be; None if one is not known."""
        find = self._columns_before if before else self._columns_now
        found = {name: find(name) for name in definition.inputs}
        known = {name: columns for name, columns in found.items() if columns is not None}
        return known if len(known) == len(found) else None

    def _columns_now(self, name: str) -> Columns | None:
        if name in self._bound:
            from andon.engines.types import lake_type

            return [(column, lake_type(kind)) for column, kind in self._bound[name]]
        return self._columns_before(name)

    def _columns_before(self, name: str) -> Columns | None:
        if name not in self._before:
            leaf = self._gathered.state.leaves.get(name)
            found = self._workspace.lake.objects.versions([leaf.version]).get(leaf.version) if leaf else None
            self._before[name] = found.types if found is not None else None
        return self._before[name]


def _query(definition: Definition) -> DefinitionQuery:
    from andon.sql.verdict import DefinitionQuery

    return DefinitionQuery(
        definition.sql or "",
        definition.macros,
        definition.key,
        str(definition.materialize),
        dict(definition.was),
        definition.sort,
        definition.partition,
    )


def _is_pure(definition: Definition) -> bool:
    """Whether the result follows from definition and inputs alone, and can be looked into."""
    return (
        definition.kind is Kind.SQL
        and definition.materialize is Materialize.TABLE
        and definition.clock is ClockUse.NONE
        and not definition.allow
    )


def _all_rows(own: Verdict, columns: Sequence[str], reason: str) -> Verdict:
    kind = max(own.kind, VerdictKind.ROWS, key=list(VerdictKind).index)
    fresh = {*own.added, *(new for _, new in own.renamed)}
    every = tuple(name for name in columns if name not in fresh)
    return replace(own, kind=kind, columns=every, rows=True, proof="", reasons=(*own.reasons, reason))


def _told(proofs: Mapping[str, str]) -> str:
    """Proofs by input, as one line."""
    return "; ".join(f"of {name}: {proof}" for name, proof in sorted(proofs.items()))


def _plain(schemas: Mapping[str, Columns]) -> list[Any]:
    return sorted([name, [list(column) for column in columns]] for name, columns in schemas.items())


def _stored(kind: str) -> str:
    """The type that the lake stores for one that a query returns; one that it can't store as it is."""
    try:
        return lake_type(kind)
    except AndonError:
        return kind
