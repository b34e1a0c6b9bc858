"""Which columns the questions of the log use: each is bound again over the columns that its datasets had when it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.cache import Entries
from andon.base.hashing import content_id
from andon.base.record import Record
from andon.errors import AndonError
from andon.model.version import Schemas
from andon.query.gate import permit

if TYPE_CHECKING:
    from andon.state.queries import AnsweredLine
    from andon.workspace.workspace import Workspace

#: By dataset the columns that a question uses; of a dataset that is not in it nobody knows which.
Used = Mapping[str, frozenset[str]]

#: So many kinds of questions are looked at, those that were asked last; each over so many states of which it was asked, the newest.
MOST_KINDS, _STATES = 1_000, 10


class _Kept(Record):
    """`schema.dataset.column`s; None where the text does not bind."""

    columns: tuple[str, ...] | None


_USED = Entries[_Kept]("columns used", _Kept)


def kind_of(line: AnsweredLine) -> str:
    """What is one for lines that use the same columns, whatever values they ask for."""
    # a value may say which: `columns('net_.*')`
    return line.sql if line.shape is None or "columns" in line.sql.lower() else line.shape


def select_of(sql: str) -> str | None:
    """The SELECT that a line of the log asked; None of what the gate lets through no more, or was cut."""
    try:
        return permit(sql).select
    except AndonError:
        return None


def is_plan(sql: str) -> bool:
    """Whether a line asked how a query would be answered, and not for its rows: nothing of a dataset is in the answer."""
    try:
        return bool(permit(sql).plan)
    except AndonError:
        return False


def datasets_of(sql: str) -> tuple[str, ...]:
    """The datasets that a text names; none of what is no question."""
    try:
        return permit(sql).datasets
    except AndonError:
        return ()


class ColumnsUsed:
    """Tells what lines of the log of one lake used."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lake = workspace.lake

    def of(self, lines: Iterable[AnsweredLine]) -> dict[int, Used]:
        """By number of the line. Where its text tells nothing, what the engine told then."""
        kinds: dict[str, dict[str | None, list[AnsweredLine]]] = {}
        for line in sorted(lines, key=lambda line: -line.seq):
            kinds.setdefault(kind_of(line), {}).setdefault(line.commit, []).append(line)
        asked = {
            (kind, commit): of_commit[0]
            for kind, commits in list(kinds.items())[:MOST_KINDS]
            for commit, of_commit in list(commits.items())[:_STATES]
        }
        known = self._bound(asked)
        found: dict[int, Used] = {}
        for kind, commits in kinds.items():
            own = [each for commit in commits if (each := known.get((kind, commit))) is not None]
            union = {name: frozenset().union(*(each.get(name, ()) for each in own)) for name in set().union(*own)}
            for commit, of_commit in commits.items():
                for line in of_commit:
                    used = known.get((kind, commit)) if (kind, commit) in asked else union or None
                    found[line.seq] = _told(line) if used is None else used
        return found

    def of_text(self, sql: str, datasets: Iterable[str], commit: str) -> Used | None:
        """What a text would use at a commit; None where nobody can tell."""
        schemas = self.schemas(commit, datasets)
        if schemas is None:
            return None
        key = _key(sql, schemas)
        kept = self._workspace.cache.get(_USED, [key]).get(key)
        if kept is None:
            kept = _kept(sql, schemas)
            self._workspace.cache.put(_USED, {key: kept})
        return _by_dataset(kept.columns, schemas)

    def schemas(self, commit: str | None, datasets: Iterable[str]) -> Schemas | None:
        """The columns of datasets at a commit; None where one of them is not there, or the commit is kept no more."""
        try:
            leaves = self._lake.commits.state(self._lake.commits.get(commit or "")).leaves
            versions = {name: leaves[name].version for name in datasets}
            held = self._lake.objects.versions(versions.values())
            return {name: held[version].types for name, version in versions.items()}
        except (AndonError, KeyError):
            return None

    def _bound(self, asked: Mapping[tuple[str, str | None], AnsweredLine]) -> dict[tuple[str, str | None], Used | None]:
        over = {key: self.schemas(line.commit, line.datasets) for key, line in asked.items()}
        keys = {key: _key(asked[key].sql, schemas) for key, schemas in over.items() if schemas is not None}
        known = self._workspace.cache.get(_USED, set(keys.values()))
        made: dict[str, _Kept] = {}
        for key, kept in keys.items():
            if kept not in known and kept not in made:
                made[kept] = _kept(asked[key].sql, over[key] or {})
        self._workspace.cache.put(_USED, made)
        return {
            key: _by_dataset((known.get(kept) or made[kept]).columns, over[key] or {}) for key, kept in keys.items()
        }


def _key(sql: str, schemas: Schemas) -> str:
    return content_id([sql, [[name, list(map(list, columns))] for name, columns in sorted(schemas.items())]])


def _kept(sql: str, schemas: Schemas) -> _Kept:
    # here, since what is known needs no engine
    from andon.sql.lineage.used import used_columns

    select = select_of(sql)
    found = None if select is None else used_columns(select, schemas)
    return _Kept(None if found is None else tuple(sorted(f"{dataset}.{column}" for dataset, column in found)))


def _by_dataset(columns: Sequence[str] | None, schemas: Schemas) -> Used | None:
    if columns is None:
        return None
    return {
        name: frozenset(each[len(name) + 1 :] for each in columns if each.startswith(f"{name}.")) for name in schemas
    }


def _told(line: AnsweredLine) -> Used:
    """What the engine said when it was asked: it names columns of tables, and none of views."""
    said: dict[str, set[str]] = {}
    for each in line.columns or ():
        schema, _, rest = each.partition(".")
        table, _, column = rest.partition(".")
        said.setdefault(f"{schema}.{table}", set()).add(column)
    return {name: frozenset(columns) for name, columns in said.items()}
