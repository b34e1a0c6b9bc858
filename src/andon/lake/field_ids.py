"""Field ids: the numbers by which Iceberg readers find columns, counted per dataset and kept for ever.

A column has its id by its name. One that is declared to be another one renamed (`was`) takes that one's id over; this is a row of
its own, so that the declaration may later be taken out, and the old name keeps its id wherever it still stands. Where both names
stand in one output, only one can have the id: the renamed one by declaration, else the one that the branch shows with it. The other
gets an id of its own, kept beside the first. Parts of a column are kept under its id, so they follow it through every rename.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from andon.base.database import Database, Row, Transaction, in_batches
from andon.base.record import Record, field

#: Joins the parts of a nested column's path.
SEPARATOR = "\x1f"

#: The parent of a column itself.
_TOP = 0


class Output(Record):
    """What one dataset's result needs ids for.

    Attributes:
        paths: its columns in order, and their nested parts as `SEPARATOR` joins them.
        was: column -> the name that it had, as declared.
        published: id of the version that the branch shows; None for a new dataset.
    """

    paths: Sequence[str]
    was: Mapping[str, str] = field(default_factory=dict)
    published: str | None = None


class FieldIds:
    """The registry of field ids in the catalog.

    Args:
        column_ids: the ids of a version's columns by name.
    """

    def __init__(self, database: Database, column_ids: Callable[[str], Mapping[str, int]]) -> None:
        self._database = database
        self._column_ids = column_ids

    def register(self, wanted: Mapping[str, Output]) -> dict[str, dict[str, int]]:
        """Give every path of every output its id; what was given once is never given to anything else.

        Args:
            wanted: by dataset.

        Returns:
            `{dataset: {path: id}}`, no id twice in one dataset.
        """
        found, new = self._resolve(wanted, self._database.query)
        if not new:
            return found
        with self._database.write() as transaction:
            # again, since another process may have registered something in between
            found, new = self._resolve(wanted, transaction.query)
            _insert(transaction, new)
        return found

    def foreseen(self, wanted: Mapping[str, Output]) -> dict[str, dict[str, int]]:
        """What `register` would give now; nothing is kept."""
        return self._resolve(wanted, self._database.query)[0]

    def _resolve(
        self, wanted: Mapping[str, Output], query: Callable[[str, Sequence[str]], list[Row]]
    ) -> tuple[dict[str, dict[str, int]], list[Row]]:
        """The ids of every output, and the rows that the registry lacks for them."""
        books = {dataset: _Book(dataset) for dataset in wanted}
        for marks, batch in in_batches(wanted):
            sql = f"select dataset, parent, path, was, id from field_id where dataset in ({marks}) order by id, was"
            for dataset, *row in query(sql, batch):
                books[dataset].enter(*row)
        found = {}
        for dataset, output in wanted.items():
            book = books[dataset]
            # where nothing was ever renamed a name has one id
            doubtful = output.published is not None and (output.was or book.taken_over)
            shown = self._column_ids(output.published) if doubtful and output.published else {}
            found[dataset] = book.ids(output, shown)
        return found, [row for book in books.values() for row in book.new]


class _Book:
    """The rows of one dataset."""

    def __init__(self, dataset: str) -> None:
        self._dataset = dataset
        #: A column's own ids, the first first.
        self._own: dict[str, list[int]] = {}
        #: (column, the name it had) -> the id that it took over.
        self.taken_over: dict[tuple[str, str], int] = {}
        #: (id of a column, path within it) -> id.
        self._parts: dict[tuple[int, str], int] = {}
        self._last = 0
        #: Rows to be inserted.
        self.new: list[Row] = []

    def enter(self, parent: int, path: str, was: str, number: int) -> None:
        """Take a row in."""
        if parent != _TOP:
            self._parts[parent, path] = number
        elif was:
            self.taken_over[path, was] = number
        else:
            self._own.setdefault(path, []).append(number)
        self._last = max(self._last, number)

    def ids(self, output: Output, shown: Mapping[str, int]) -> dict[str, int]:
        """The ids of all paths; `shown` are those of the columns that the branch shows."""
        if not self._last and not output.was and not shown and not any(SEPARATOR in path for path in output.paths):
            return self._counted(output.paths)
        columns = list(dict.fromkeys(path.partition(SEPARATOR)[0] for path in output.paths))
        found: dict[str, int] = {}
        former = _by_name(output.was, columns)
        for name, was in former.items():
            _give(found, name, self._from(name, was, shown))
        for name in columns:
            if name not in found:
                _give(found, name, shown.get(name))
        for name in columns:
            if name not in found:
                known = [number for (of, was), number in self.taken_over.items() if of == name and was not in columns]
                for number in [*reversed(known), *self._own.get(name, ())]:
                    _give(found, name, number)
                if name not in found:
                    found[name] = self._add(_TOP, name)
        return {path: self._id(path, found) for path in output.paths}

    def _counted(self, paths: Sequence[str]) -> dict[str, int]:
        """The ids of the first columns of a dataset, which are most: they are counted."""
        found = {path: number for number, path in enumerate(dict.fromkeys(paths), 1)}
        self._own = {path: [number] for path, number in found.items()}
        self._last = len(found)
        self.new += [(self._dataset, _TOP, path, "", number) for path, number in found.items()]
        return found

    def _id(self, path: str, columns: Mapping[str, int]) -> int:
        column, _, inner = path.partition(SEPARATOR)
        parent = columns[column]
        if not inner:
            return parent
        known = self._parts.get((parent, inner))
        return self._add(parent, inner) if known is None else known

    def _from(self, name: str, was: str, shown: Mapping[str, int]) -> int:
        """The id that a column takes over from `was`; the first time is written down."""
        known = self.taken_over.get((name, was))
        if known is None:
            renamed = [number for (of, _), number in self.taken_over.items() if of == was]
            choices = [shown.get(was), *reversed(renamed), *self._own.get(was, ())]
            known = next((number for number in choices if number is not None), None)
            if known is None:
                # a name of another lake: should it come here, it is the same column
                known = self._add(_TOP, was)
            self._add(_TOP, name, was, known)
        return known

    def _add(self, parent: int, path: str, was: str = "", number: int = 0) -> int:
        number = number or self._last + 1
        self.enter(parent, path, was, number)
        self.new.append((self._dataset, parent, path, was, number))
        return number


def _give(found: dict[str, int], name: str, number: int | None) -> None:
    """Give `name` an id, unless it has one or another column of the output has this one."""
    if number is not None and name not in found and number not in found.values():
        found[name] = number


def _by_name(was: Mapping[str, str], columns: Iterable[str]) -> dict[str, str]:
    """The declared former names, by the names that the output has: declarations don't tell case apart."""
    declared = {name.lower(): former for name, former in was.items()}
    return {name: declared[name.lower()] for name in columns if name.lower() in declared}


def _insert(transaction: Transaction, rows: Sequence[Row]) -> None:
    transaction.execute_many("insert into field_id (dataset, parent, path, was, id) values (?, ?, ?, ?, ?)", rows)
