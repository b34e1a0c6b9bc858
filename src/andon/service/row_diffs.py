"""Which rows differ between two commits, dataset by dataset. Equal versions and equal data files are skipped by their ids; counts that
were made once are kept by the two versions and the key, and not made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.record import Record, replace
from andon.base.text import size
from andon.checks.language.literals import read_number, read_share
from andon.errors import DamagedError, UsageError
from andon.model.check import Tolerance
from andon.model.commit import Commit, version_shown
from andon.model.row_diff import RowCounts, RowDiff
from andon.model.version import paired
from andon.relations.changed_files import different_files
from andon.state.row_diffs import Compared, KnownRowDiffs
from andon.workspace.masks import masked_columns
from andon.workspace.view import no_dataset

if TYPE_CHECKING:
    from andon.lake.commits import LeafChanges
    from andon.model.commit import Leaf
    from andon.model.dataset import Definition
    from andon.model.version import Version
    from andon.relations.relations import Relations
    from andon.relations.row_diffs import RowDiffer
    from andon.workspace.workspace import Workspace

#: A summary reads at most so much per dataset, both sides together.
SUMMARY_BYTES = 200_000_000


class RowOptions(Record):
    """What is asked of a row diff.

    Attributes:
        where: an SQL condition on columns of the dataset; counted and shown are only rows that satisfy it before or after.
        samples: examples of changed rows at most; 0 leaves out all values.
        tolerance: `0.01` or `0.1%`: numbers of rows with one key that differ by no more count as the same.
        output: a Parquet file for all differing rows.
        limit_bytes: datasets whose differing files are larger together are skipped; None reads all.
        total_bytes: so much is read at most for all datasets; those that don't fit into what is left are skipped.
    """

    where: str | None = None
    samples: int = 20
    tolerance: str | None = None
    output: Path | None = None
    limit_bytes: int | None = None
    total_bytes: int | None = None

    @property
    def is_summary(self) -> bool:
        """Whether counts over all rows are the whole answer: they don't depend on who asks, nor on what is hidden from whom."""
        return self.samples == 0 and self.where is None and self.tolerance is None and self.output is None


class _Differing(Record):
    """A dataset whose content differs.

    Attributes:
        old, new: its versions; None where it is not there.
        key: the columns to pair rows by.
        notes: what there is to say about the key.
        key_back: the columns to pair rows by, seen from the other side.
        definition: of the later side, else of the other.
    """

    name: str
    old: Version | None
    new: Version | None
    key: tuple[str, ...]
    notes: tuple[str, ...]
    key_back: tuple[str, ...] = ()
    definition: Definition | None = None

    @property
    def compared(self) -> Compared | None:
        """What a diff of all its rows is kept by; None for what is on one side only."""
        return Compared(self.old.id, self.new.id, self.key) if self.old is not None and self.new is not None else None

    @property
    def turned(self) -> Compared | None:
        """What a diff from the other side is kept by."""
        both = self.old is not None and self.new is not None
        return Compared(self.new.id, self.old.id, self.key_back) if both else None  # type: ignore[union-attr] # both are there


class RowDiffs:
    """Compares rows on one workspace's lake."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._known = KnownRowDiffs(workspace.facts)

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
        names = list(datasets) or [d for d, pair in changes.items() if version_shown(pair[0]) != version_shown(pair[1])]
        if datasets:
            self._require(a, b, datasets)
        if chosen.output is not None:
            _check_output(chosen.output, names)
        if chosen.tolerance is not None:
            _tolerance(chosen.tolerance)
        if chosen.where is not None:
            from andon.relations.row_diffs import check_condition

            check_condition(chosen.where)
        differing = self._differing(names, changes)
        found = self._counted(differing) if chosen.is_summary else {}
        made = self._made([each for name, each in differing.items() if name not in found], a, b, chosen)
        return tuple(found.get(name) or made.get(name) or self._equal(name, b, chosen) for name in names)

    def summary(
        self,
        a: Commit,
        b: Commit,
        datasets: Iterable[str] | None = None,
        limit_bytes: int = SUMMARY_BYTES,
        total_bytes: int | None = None,
    ) -> tuple[RowDiff, ...]:
        """Counts of differing rows and values, without any value; what would take long is skipped and says so.

        Args:
            datasets: None means all whose content differs.
        """
        names = None if datasets is None else tuple(datasets)
        if names is not None and not names:
            return ()
        return self.between(a, b, names or (), RowOptions(samples=0, limit_bytes=limit_bytes, total_bytes=total_bytes))

    def known(self, a: Commit, b: Commit, datasets: Iterable[str]) -> dict[str, RowDiff]:
        """What of `summary` costs nothing: what was counted before, by dataset."""
        return self._counted(self._differing(datasets, self._lake.commits.changed_leaves(a, b)))

    def known_counts(self, pairs: Sequence[tuple[Leaf | None, Leaf | None]]) -> list[RowCounts | None]:
        """Of one dataset before and after several commits, which rows differ, where that was counted before or needs no counting."""
        changes = {str(number): pair for number, pair in enumerate(pairs)}
        counted = self._counted(self._differing(changes, changes))
        found = [counted.get(number) for number in changes]
        return [each.rows if each is not None else None for each in found]

    def of_pairs(
        self, head: Commit, pairs: LeafChanges, refs: Mapping[str, tuple[str, str]], total_bytes: int
    ) -> dict[str, RowDiff]:
        """`summary` of leaves of `head` beside others that its branch does not show yet, by dataset.

        Args:
            refs: by dataset, what a person names both sides by; where that is missing no command is told.
        """
        differing = self._differing(pairs, pairs)
        found = self._counted(differing)
        missing = [each for name, each in differing.items() if name not in found]
        options = RowOptions(samples=0, limit_bytes=SUMMARY_BYTES, total_bytes=total_bytes)
        return {**found, **self._made(missing, head, head, options, refs)}

    # -- parts

    def _relations(self) -> Relations:
        """For one answer: it keeps what it read, and this lives as long as the process."""
        from andon.relations.relations import Relations

        return Relations(self._lake)

    def _differing(self, names: Iterable[str], changes: LeafChanges) -> dict[str, _Differing]:
        """Those of `names` whose content differs, with all that tells what to compare."""
        pairs = {
            n: changes[n]
            for n in names
            if n in changes and version_shown(changes[n][0]) != version_shown(changes[n][1])
        }
        if not pairs:
            return {}
        leaves = [leaf for pair in pairs.values() for leaf in pair if leaf is not None]
        relations = self._relations()
        relations.load(leaf.version for leaf in leaves)
        definitions = self._lake.objects.definitions(leaf.definition for leaf in leaves)
        differing = {}
        for name, pair in pairs.items():
            old, new = (relations.version(leaf.version) if leaf is not None else None for leaf in pair)
            declared = [
                definitions[leaf.definition].key if leaf is not None and leaf.definition in definitions else ()
                for leaf in pair
            ]
            key, notes = _key(declared[0], declared[1], old, new)
            key_back, _ = _key(declared[1], declared[0], new, old)
            definition = next(
                (definitions[leaf.definition] for leaf in reversed(pair) if leaf and leaf.definition in definitions),
                None,
            )
            differing[name] = _Differing(name, old, new, key, notes, key_back, definition)
        return differing

    def _counted(self, differing: Mapping[str, _Differing]) -> dict[str, RowDiff]:
        """What is known of them without reading a row."""
        wanted = {name: each.compared for name, each in differing.items() if each.compared is not None}
        found = self._known.find(wanted) if wanted else {}
        back = {name: each.turned for name, each in differing.items() if each.turned is not None and name not in found}
        turned = {name: diff.turned() for name, diff in (self._known.find(back) if back else {}).items()}
        found |= {name: diff for name, diff in turned.items() if diff.key == differing[name].key}
        counted = {name: replace(diff, notes=(*differing[name].notes, *diff.notes)) for name, diff in found.items()}
        for name, each in differing.items():
            told = _one_sided(each) or _in_other_files(each)
            if told is not None:
                counted[name] = told
        return counted

    def _made(
        self,
        differing: Sequence[_Differing],
        a: Commit,
        b: Commit,
        options: RowOptions,
        refs: Mapping[str, tuple[str, str]] | None = None,
    ) -> dict[str, RowDiff]:
        """Diffs that are made now, by dataset; their counts are kept.

        Args:
            refs: by dataset, what a person names both sides by; None means the commits.
        """
        if not differing:
            return {}
        from andon.relations.row_diffs import RowDiffer
        from andon.workspace.engines import Engines

        moment = self._workspace.clock()
        with Engines(self._workspace, None, moment) as engines:
            differ = RowDiffer(self._lake, self._workspace.readers, self._relations(), engines.answers, moment)
            return self._made_by(differ, differing, a, b, options, refs)

    def _made_by(
        self,
        differ: RowDiffer,
        differing: Sequence[_Differing],
        a: Commit,
        b: Commit,
        options: RowOptions,
        refs: Mapping[str, tuple[str, str]] | None,
    ) -> dict[str, RowDiff]:
        from andon.engines.duckdb.row_diff import DiffQuestion

        tolerance = None if options.tolerance is None else _tolerance(options.tolerance)
        masks = {} if options.is_summary else masked_columns(self._workspace, a, b)
        made, kept, left = {}, [], options.total_bytes
        for each in differing:
            weight = differ.weight(each.old, each.new)
            if any(most is not None and weight > most for most in (options.limit_bytes, left)):
                sides = (a.id[:8], b.id[:8]) if refs is None else refs.get(each.name)
                made[each.name] = RowDiff(each.name, skipped=_not_compared(each.name, weight, sides), notes=each.notes)
                continue
            left = None if left is None else left - weight
            masked = masks.get(each.name, frozenset())
            question = DiffQuestion(
                each.name, each.key, options.where, masked, options.samples, tolerance, options.output
            )
            try:
                found = differ.compare(each.old, each.new, question, each.definition)
            except DamagedError as error:
                if not options.is_summary:
                    raise
                found = RowDiff(each.name, skipped=error.message)
            made[each.name] = replace(found, notes=(*each.notes, *found.notes), tolerance=options.tolerance)
            is_whole = options.where is None and tolerance is None
            if each.compared is not None and found.skipped is None and is_whole:
                kept.append((each.compared, found))
        if kept:
            self._known.keep(kept)
        return made

    def _equal(self, name: str, commit: Commit, options: RowOptions) -> RowDiff:
        if options.output is not None:
            raise UsageError(
                "usage.bad_argument",
                f"`{name}` is the same version on both sides; there is nothing to write",
                where=name,
            )
        leaf = self._lake.commits.state(commit).leaves[name]
        version = self._relations().version(leaf.version)
        definition = self._lake.objects.definitions([leaf.definition]).get(leaf.definition)
        key = definition.key if definition else ()
        return RowDiff(name, tuple(c.name for c in version.columns), key, where=options.where)

    def _require(self, a: Commit, b: Commit, datasets: Sequence[str]) -> None:
        known = self._lake.commits.state(a).leaves.keys() | self._lake.commits.state(b).leaves.keys()
        for name in datasets:
            if name not in known:
                raise no_dataset(name, f"{a.id[:8]} or {b.id[:8]}", known)


def _not_compared(name: str, weight: int, sides: tuple[str, str] | None) -> str:
    """Why rows were not compared, with the command that does."""
    command = f": `andon diff --rows {name} {' '.join(sides)}` does" if sides is not None else ""
    return f"{size(weight)} to compare{command}"


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


def _key(
    declared_old: tuple[str, ...], declared_new: tuple[str, ...], old: Version | None, new: Version | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The key to pair rows by, as the new side names it, and what there is to say about it.

    Args:
        declared_old, declared_new: the key of each side's definition.
    """
    pairs = paired(*((v or old or new).columns for v in (old, new)))  # type: ignore[union-attr]
    now = {column.name.lower(): column.name for _, column in pairs}
    later = {before.name.lower(): column.name for before, column in pairs}
    keys = [key for key in dict.fromkeys((declared_new, declared_old)) if key]
    if declared_new and all(part.lower() in now for part in declared_new):
        return declared_new, ()
    if declared_old and all(part.lower() in later for part in declared_old):
        return tuple(later[part.lower()] for part in declared_old), ()
    if not keys:
        return (), ()
    return (), (f"the key ({', '.join(keys[0])}) is not on both sides: compared as whole rows",)


def _tolerance(text: str) -> Tolerance:
    """`0.01` or `0.1%`.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    share, number = read_share(text.strip()), read_number(text.strip())
    amount = share if share is not None else Decimal(number) if number is not None else None
    if amount is None or amount < 0:
        hint = "a number, `0.01`, or a share of the newer value, `0.1%`"
        raise UsageError("usage.bad_argument", f"`{text}` is no tolerance", where="tolerance", hint=hint)
    return Tolerance(amount, share is not None)


def _one_sided(differing: _Differing) -> RowDiff | None:
    """All rows of a table that is on one side only; None for a view, whose rows nobody has counted."""
    old, new = differing.old, differing.new
    version = new if old is None else old if new is None else None
    if version is None or version.rows is None:
        return None
    counts = RowCounts(removed=version.rows) if new is None else RowCounts(added=version.rows)
    return RowDiff(differing.name, tuple(c.name for c in version.columns), rows=counts)


def _in_other_files(differing: _Differing) -> RowDiff | None:
    """No difference, of a table that only lies in other files, such as small ones that were put together."""
    old, new = differing.old, differing.new
    if old is None or new is None or old.is_view or new.is_view or old.columns != new.columns:
        return None
    if any(different_files(old, new)):
        return None
    return RowDiff(differing.name, tuple(c.name for c in new.columns), differing.key, notes=differing.notes)
