"""Which rows differ between two commits, dataset by dataset. Equal versions and equal data files are skipped by their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.record import replace
from andon.base.text import size
from andon.engines.duckdb.instance import file_list
from andon.engines.duckdb.row_diff import DiffQuestion, DiffSide, compare
from andon.engines.duckdb.row_diff_sql import nothing
from andon.errors import UsageError
from andon.model.commit import Commit, Leaf
from andon.model.row_diff import RowCounts, RowDiff
from andon.model.version import DataFile, Version
from andon.relations.pool import Pool
from andon.relations.relations import Relations
from andon.sql.facts import read_facts
from andon.sql.rules import refusals
from andon.workspace.code import project_at
from andon.workspace.view import no_dataset

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

#: A summary reads at most so much per dataset, both sides together.
SUMMARY_BYTES = 200_000_000
#: What stands for the compared dataset while a condition is looked at.
_ROWS = "compared.rows"


@dataclass(frozen=True, slots=True)
class RowOptions:
    """What is asked of a row diff.

    Attributes:
        where: an SQL condition on columns of the dataset; counted and shown are only rows that satisfy it before or after.
        samples: examples of changed rows at most; 0 leaves out all values.
        output: a Parquet file for all differing rows.
        limit_bytes: datasets whose differing files are larger together are skipped; None reads all.
    """

    where: str | None = None
    samples: int = 20
    output: Path | None = None
    limit_bytes: int | None = None


class RowDiffs:
    """Compares rows on one workspace's lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._relations = Relations(self._lake)

    def rows(
        self, a: str, b: str, datasets: Sequence[str] = (), options: RowOptions | None = None
    ) -> tuple[RowDiff, ...]:
        """How the rows of `datasets` at `b` differ from those at `a`; without datasets, of all that differ.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`; `usage.not_one_select` and `usage.query_failed` for a condition;
                `usage.bad_argument` for a file that can't be written.
            MachineError: `lake.corrupt` for a data file that is gone.
        """
        refs = self._lake.refs
        return self.between(refs.resolve(a), refs.resolve(b), datasets, options)

    def between(
        self, a: Commit, b: Commit, datasets: Sequence[str] = (), options: RowOptions | None = None
    ) -> tuple[RowDiff, ...]:
        """`rows`, for commits at hand."""
        chosen = options or RowOptions()
        changes = self._lake.commits.changed_leaves(a, b)
        names = list(datasets) or [d for d, pair in changes.items() if _version(pair[0]) != _version(pair[1])]
        if datasets:
            self._require(a, b, datasets)
        if chosen.output is not None:
            _check_output(chosen.output, names)
        if chosen.where is not None:
            check_condition(chosen.where)
        self._relations.load(leaf.version for name in names for leaf in changes.get(name, ()) if leaf is not None)
        masks = self._masks(a, b) if chosen.samples or chosen.output or chosen.where else {}
        return tuple(self._one(name, changes.get(name), b, chosen, masks.get(name, frozenset())) for name in names)

    def summary(
        self, a: Commit, b: Commit, datasets: Iterable[str] | None = None, limit_bytes: int = SUMMARY_BYTES
    ) -> tuple[RowDiff, ...]:
        """Counts of differing rows and values, without any value; what would take long is skipped and says so.

        Args:
            datasets: None means all whose content differs.
        """
        names = None if datasets is None else tuple(datasets)
        if names is not None and not names:
            return ()
        return self.between(a, b, names or (), RowOptions(samples=0, limit_bytes=limit_bytes))

    # -- parts

    def _one(
        self,
        name: str,
        pair: tuple[Leaf | None, Leaf | None] | None,
        b: Commit,
        options: RowOptions,
        masked: frozenset[str],
    ) -> RowDiff:
        if pair is None or _version(pair[0]) == _version(pair[1]):
            return self._equal(name, b, options)
        old, new = (self._relations.version(leaf.version) if leaf else None for leaf in pair)
        if options.samples == 0 and options.where is None and (old is None or new is None):
            counted = _one_sided(name, old, new)
            if counted is not None:
                return counted
        files = _different_files(old, new)
        weight = sum(self._weight(v, kept) for v, kept in zip((old, new), files, strict=True))
        if options.limit_bytes is not None and weight > options.limit_bytes:
            return RowDiff(name, skipped=f"{size(weight)} to compare: `andon diff --rows {name}` does")
        key, notes = self._key(pair, old, new)
        is_view = any(v is not None and v.is_view for v in (old, new))
        # views get one thread, so that their floating-point sums repeat
        pool = self._workspace.readers.narrow if is_view else self._workspace.readers.wide
        known = old or new
        assert known is not None  # a leaf that differs is there on one side
        temporary = options.output.with_name(f".{options.output.name}.tmp") if options.output else None
        question = DiffQuestion(name, key, options.where, masked, options.samples, temporary)
        try:
            with ExitStack() as held:
                pairs = zip((old, new), files, strict=True)
                sides = [self._side(pool, held, version, kept, known) for version, kept in pairs]
                found = compare(held.enter_context(pool.reading()).session, sides[0], sides[1], question)
            if temporary is not None and options.output is not None:
                temporary.replace(options.output)
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
        return _with(found, notes, options.output)

    def _equal(self, name: str, commit: Commit, options: RowOptions) -> RowDiff:
        if options.output is not None:
            raise UsageError(
                "usage.bad_argument",
                f"`{name}` is the same version on both sides; there is nothing to write",
                where=name,
            )
        leaf = self._lake.commits.state(commit).leaves[name]
        version = self._relations.version(leaf.version)
        definition = self._lake.objects.definitions([leaf.definition]).get(leaf.definition)
        key = definition.key if definition else ()
        return RowDiff(name, tuple(c.name for c in version.columns), key, where=options.where)

    def _key(
        self, pair: tuple[Leaf | None, Leaf | None], old: Version | None, new: Version | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The key to pair rows by, the newer definition's first, and what there is to say about it."""
        definitions = self._lake.objects.definitions(leaf.definition for leaf in pair if leaf)
        keys = [definitions[leaf.definition].key for leaf in reversed(pair) if leaf and leaf.definition in definitions]
        there = [{c.name.lower() for c in v.columns} for v in (old, new) if v is not None]
        declared = [key for key in dict.fromkeys(keys) if key]
        for key in declared:
            if all(part.lower() in columns for part in key for columns in there):
                return key, ()
        if not declared:
            return (), ()
        text = ", ".join(declared[0])
        return (), (f"the key ({text}) is not on both sides: compared as whole rows",)

    def _side(
        self, pool: Pool, held: ExitStack, version: Version | None, files: Sequence[DataFile], known: Version
    ) -> DiffSide:
        """What the engine reads for one side; without a version no rows of the columns that are `known`."""
        if version is None:
            return DiffSide(nothing(known.columns), known.columns, 0)
        if version.is_view:
            lease = held.enter_context(pool.reading(version.id))
            lease.ensure([version.dataset], lambda _: self._relations.relation(version.id))
            return DiffSide(lease.place(version.dataset), version.columns, None, is_stored=False)
        if not files:
            return DiffSide(nothing(version.columns), version.columns, 0)
        paths = [self._lake.storage.engine_path(f.path) for f in files]
        return DiffSide(f"read_parquet({file_list(paths)})", version.columns, sum(f.rows for f in files))

    def _weight(self, version: Version | None, files: Sequence[DataFile]) -> int:
        """Bytes that comparing one side reads."""
        if version is None:
            return 0
        return self._relations.size(version.id) if version.is_view else sum(f.size for f in files)

    def _masks(self, a: Commit, b: Commit) -> dict[str, frozenset[str]]:
        """Columns marked `pii`, in lower case, by dataset: by the code of either commit, or by that of the branch as it is now."""
        head = self._lake.refs.resolve(self._workspace.reading())
        marked: dict[str, set[str]] = {}
        for commit in {c.root: c for c in (a, b, head)}.values():
            project = project_at(self._workspace, self._lake.commits.state(commit))
            for name, info in project.datasets.items():
                marked.setdefault(name, set()).update(c.name.lower() for c in info.columns if c.pii)
        return {name: frozenset(columns) for name, columns in marked.items() if columns}

    def _require(self, a: Commit, b: Commit, datasets: Sequence[str]) -> None:
        known = self._lake.commits.state(a).leaves.keys() | self._lake.commits.state(b).leaves.keys()
        for name in datasets:
            if name not in known:
                raise no_dataset(name, f"{a.id[:8]} or {b.id[:8]}", known)


def check_condition(where: str) -> None:
    """Refuse what is not one condition on the compared rows.

    Raises:
        UsageError: `usage.not_one_select`.
    """
    # As it will stand in the engine's query, so that nothing can close the bracket before its time.
    facts = read_facts([f"select coalesce(cast((\n{where}\n) as boolean), false) from {_ROWS}"])[0]
    found = [*facts.problems, *(refusals(facts, role="query", allow=frozenset()) if not facts.problems else [])]
    others = [use.name for use in facts.tables if use.name != _ROWS]
    if found or others or len(facts.tables) > 1:
        what = found[0].message if found else f"it reads `{others[0]}`" if others else "it is more than that"
        raise UsageError(
            "usage.not_one_select",
            f"`{where}` is not a condition on columns of the dataset: {what}",
            where="where",
            hint="for example `--where \"country = 'DE' and amount > 100\"`",
        )


def _version(leaf: Leaf | None) -> str | None:
    return leaf.version if leaf is not None else None


def _check_output(path: Path, names: Sequence[str]) -> None:
    if len(names) != 1:
        raise UsageError(
            "usage.bad_argument",
            f"one file takes the rows of one dataset, and {len(names) or 'no'} differ",
            where=str(path),
            hint="name it: `--rows DATASET`",
        )
    if not path.parent.is_dir():
        raise UsageError("usage.bad_argument", f"there is no folder `{path.parent}`", where=str(path))


def _one_sided(name: str, old: Version | None, new: Version | None) -> RowDiff | None:
    """All rows of a table that is on one side only; None for a view, whose rows nobody has counted."""
    version = old or new
    if version is None or version.rows is None:
        return None
    counts = RowCounts(removed=version.rows) if new is None else RowCounts(added=version.rows)
    return RowDiff(name, tuple(c.name for c in version.columns), rows=counts)


def _different_files(old: Version | None, new: Version | None) -> tuple[list[DataFile], list[DataFile]]:
    """The data files of each side that the other side lacks: equal bytes hold equal rows."""
    sides = [list(v.files) if v is not None else [] for v in (old, new)]
    shared = Counter(f.sha256 for f in sides[0]) & Counter(f.sha256 for f in sides[1])
    kept: list[list[DataFile]] = []
    for files in sides:
        left = Counter(shared)
        own = []
        for file in files:
            if left[file.sha256]:
                left[file.sha256] -= 1
            else:
                own.append(file)
        kept.append(own)
    return kept[0], kept[1]


def _with(found: RowDiff, notes: tuple[str, ...], output: Path | None) -> RowDiff:
    return replace(found, notes=(*notes, *found.notes), output=str(output) if output else None)
