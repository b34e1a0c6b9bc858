"""What is asked about one dataset in one go, and what came out: the types of planned execution. Nothing is run here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from andon.base.names import literal
from andon.base.record import Record, field, replace
from andon.checks.compile.check import Plan
from andon.checks.execute.plain import PlainRelations
from andon.checks.judge import Judgement
from andon.model.check import Check
from andon.model.check_result import Samples
from andon.model.version import DataFile


class Target(Record):
    """A version as rows.

    Attributes:
        relation: SQL for FROM, e.g. `read_parquet([…])` or a view's name.
        columns: names and lake types.
        files: its data files in order, with what their writes told; empty for a view, which is checked by running it.
        paths: the same files as the engine names them; `read_parquet` of them gives the rows of the relation.
    """

    relation: str
    columns: Sequence[tuple[str, str]]
    files: tuple[DataFile, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def is_table(self) -> bool:
        """Whether the rows are those of known files."""
        return bool(self.files) and len(self.files) == len(self.paths)

    @property
    def by_files(self) -> str:
        """SQL for FROM that reads the files themselves, whose rows have numbers; the relation if there are none."""
        if not self.is_table:
            return self.relation
        return f"read_parquet([{', '.join(literal(path) for path in self.paths)}])"

    @property
    def rows(self) -> int | None:
        """Number of rows, if it is known without reading."""
        return sum(file.rows for file in self.files) if self.is_table else None


def files_of(target: Target, chosen: Sequence[int]) -> Target:
    """The rows of some of a version's files."""
    part = replace(
        target,
        files=tuple(target.files[index] for index in chosen),
        paths=tuple(target.paths[index] for index in chosen),
    )
    return replace(part, relation=part.by_files)


class FileStates(Protocol):
    """States kept per check and file, so that files which were read once for a check need not be read again.

    A key is an id of the check's query and the file's content. A state is JSON: lists, texts, whole numbers, booleans, null.
    """

    def get(self, keys: Sequence[str]) -> Mapping[str, Any]:
        """The states that are there."""
        ...

    def put(self, states: Mapping[str, Any]) -> None:
        """Keep states; those of a key are always the same."""
        ...


class CheckQuestion(Record):
    """All that is asked about one dataset in one go.

    Attributes:
        items: checks with their plans.
        own: the version that is checked.
        others: the datasets that the checks name. Rules with subqueries read those by their names: the connection must know them.
        published: what readers of the target branch have, or None.
        declared: columns as the file declares them (type None if it isn't stated).
        masked: columns marked pii, in lower case: their values never leave the engine.
        samples: how many failing rows are wanted of each failing check.
        states: where states per file are kept, or None.
        macros: what the checks may call beside the engine's functions; part of what a kept state is known by.
        before: the files of the version that readers of the target branch have.
        released: by the id of a check what tells the rows that are in the dataset although it would set them aside.
        is_same_definition: whether `schema` is held against the published version.
    """

    items: Sequence[tuple[Check, Plan]]
    own: Target
    others: Mapping[str, Target]
    published: Target | None
    declared: Sequence[tuple[str, str | None]] = ()
    masked: frozenset[str] = frozenset()
    samples: int = 20
    states: FileStates | None = None
    is_same_definition: bool = True
    macros: tuple[str, ...] = ()
    before: tuple[DataFile, ...] = ()
    released: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def relations(self) -> PlainRelations:
        """The same for the plain execution."""
        return PlainRelations(
            self.own.relation,
            # a check may name its own dataset as any other: `manager_id -> hr.staff` in the file of staff
            {
                **{name: target.relation for name, target in self.others.items()},
                **{check.dataset: self.own.relation for check, _ in self.items},
            },
            None if self.published is None else self.published.relation,
            self.own.columns,
            self.declared,
            None if self.published is None else self.published.columns,
        )


class Executed(Record):
    """How one check came out and what that took.

    Attributes:
        how: `proof` (from what the write told), `count` (a query of its own that prunes), `scan` (the shared one), `join` (keys,
            references, other datasets, the published version), or `alone`.
        seconds: of its own query, or its share of the shared one.
        samples: failing rows, if it failed.
        newest: of `max_age`: the newest value in microseconds since 1970, so that it can be judged again without the engine.
        ran: where it ran, of a dataset that another engine is asked about; else None.
    """

    verdict: Judgement
    how: str
    seconds: float
    samples: Samples = field(default_factory=Samples)
    newest: int | None = None
    ran: str | None = None


def columns_of(target: Target, names: Iterable[str]) -> list[tuple[str, str]]:
    """Those columns of a target that are called so, whatever their case."""
    wanted = {name.lower() for name in names}
    return [(name, kind) for name, kind in target.columns if name.lower() in wanted]
