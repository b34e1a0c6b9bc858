"""Fewer rows, or other values in the place of personal ones: what stands in the place of a stage's inputs in a packed folder."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from andon.base.names import literal, quote, quote_name
from andon.base.record import Record, field, replace
from andon.base.text import plural
from andon.engines.engine import Recipe, Task
from andon.engines.relation import TableRelation
from andon.errors import AndonError, UsageError
from andon.model.dataset import Definition, Kind, Materialize
from andon.model.version import Column, DataFile, Version, version_id

if TYPE_CHECKING:
    from andon.engines.relation import Relation
    from andon.model.build import Build
    from andon.runs.rebuilding.again import Rebuilder

#: What a condition is asked of while it is looked at.
_ROWS = "andon_rows.rows"
#: What a condition looks like.
_AS = "`--where \"day >= '2026-01-01'\"`"
_WHOLE_NUMBERS = ("INTEGER", "BIGINT", "DECIMAL", "DOUBLE", "FLOAT")


class Reduction(Record):
    """What is done to inputs.

    Attributes:
        sample: so many rows of each at most.
        where: the rows that meet this condition, of those that have its columns.
        masked: by dataset the columns, in lower case, whose values are others.
    """

    sample: int | None = None
    where: str | None = None
    masked: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def also(self, columns: frozenset[str], names: Iterable[str]) -> Reduction:
        """The same, with other values in these columns of datasets of these names, too."""
        if not columns:
            return self
        return replace(
            self, masked={**self.masked, **{name: self.masked.get(name, frozenset()) | columns for name in names}}
        )

    def is_any(self, names: Iterable[str]) -> bool:
        """Whether anything is done to datasets of these names."""
        return self.sample is not None or self.where is not None or any(self.masked.get(name) for name in names)


class ReducedInputs(Record):
    """Versions in the place of inputs.

    Attributes:
        said: what was done to each, in words.
        masked: by dataset the columns that hold other values, as they are spelt.
    """

    versions: dict[str, Version]
    said: tuple[str, ...]
    masked: dict[str, list[str]]


def require_condition(where: str) -> None:
    """Refuse what is no condition on the rows of an input.

    Raises:
        UsageError: `usage.bad_argument`, `usage.not_one_select`.
    """
    from andon.query.gate import permit

    try:
        question = permit(f"select 1 from {_ROWS} where (\n{where}\n)")
    except UsageError as error:
        raise UsageError(error.code, f"`--where` can't be read: {error.message}", where="--where", hint=_AS) from error
    if question.datasets != (_ROWS,) or question.parameters:
        raise UsageError(
            "usage.bad_argument",
            "`--where` is a condition on the rows of each input that has its columns, and reads no dataset",
            where="--where",
            hint=_AS,
        )


def reduced(rebuilder: Rebuilder, build: Build, inputs: Mapping[str, str], wanted: Reduction) -> ReducedInputs:
    """What stands in the place of inputs; new files lie in the scratch lake of `rebuilder`.

    Args:
        inputs: versions by name.

    Raises:
        UsageError: `usage.bad_argument` where no input has the columns of the condition, or the condition has no meaning.
    """
    salt = secrets.token_hex(16)  # is kept nowhere: what was there can't be told by trying
    sides = rebuilder.sides_of(build)
    versions: dict[str, Version] = {}
    said: list[str] = []
    masked: dict[str, list[str]] = {}
    lacking: list[AndonError] = []
    tables = _masked_tables(rebuilder, build, inputs, wanted, salt, masked)
    for name, id in inputs.items():
        version, relation = sides.relations.version(id), sides.relations.limited(id, tables)
        hidden = _hidden(version, wanted) if id not in tables else []
        listed = _listed(version, hidden, salt)
        condition = ""
        if wanted.where is not None:
            found = f" where (\n{wanted.where}\n)"
            lacks = _lacks(rebuilder, build, name, relation, found)
            lacking += [lacks] if lacks is not None else []
            condition = found if lacks is None else ""
        sample = f" using sample reservoir({wanted.sample} rows) repeatable (1)" if wanted.sample is not None else ""
        sql = f"select {listed} from (select * from {quote_name(name)}{condition}){sample}"
        file = _written(rebuilder, build, name, relation, sql, version)
        versions[name] = Version(version_id(version.columns, (file,)), version.dataset, version.columns, (file,))
        if hidden:
            masked[name] = [column.name for column in hidden]
        if wanted.sample is not None or condition:
            said.append(f"{name} has {_of(file.rows, version.rows)}")
    if lacking and len(lacking) == len(inputs):
        first = lacking[0]
        raise UsageError(
            "usage.bad_argument",
            f"no input has the columns that `--where` names: {first.message}",
            where="--where",
            hint=f"inputs: {', '.join(f'`{name}`' for name in inputs)}; `andon show` lists their columns",
        )
    return ReducedInputs(versions, tuple(said), masked)


def _hidden(version: Version, wanted: Reduction) -> list[Column]:
    """The columns of a version whose values are others."""
    marked = wanted.masked.get(version.dataset, frozenset())
    return [column for column in version.columns if column.name.lower() in marked]


def _listed(version: Version, hidden: Sequence[Column], salt: str) -> str:
    return ", ".join(_masked(c, salt) if c in hidden else quote(c.name) for c in version.columns)


def _masked_tables(
    rebuilder: Rebuilder,
    build: Build,
    inputs: Mapping[str, str],
    wanted: Reduction,
    salt: str,
    masked: dict[str, list[str]],
) -> dict[str, Relation]:
    """By version id what stands in the place of tables with personal columns, those that views stand on among them."""
    relations, lake = rebuilder.sides_of(build).relations, rebuilder.lake
    found: dict[str, Relation] = {}
    for id in relations.tables(inputs.values()):
        version = relations.version(id)
        hidden = _hidden(version, wanted)
        if hidden:
            name = version.dataset
            sql = f"select {_listed(version, hidden, salt)} from {quote_name(name)}"
            file = _written(rebuilder, build, name, relations.relation(id), sql, version)
            found[id] = TableRelation((lake.storage.engine_path(file.path),))
            masked[name] = [column.name for column in hidden]
    return found


def _of(rows: int, whole: int | None) -> str:
    return plural(rows, "row") if whole is None else f"{rows:,} of {plural(whole, 'row')}"


def _plain(name: str) -> Definition:
    return Definition(name, Kind.SQL, Materialize.TABLE, name, "")


def _lacks(rebuilder: Rebuilder, build: Build, name: str, relation: Relation, condition: str) -> AndonError | None:
    """The error where an input has not the columns of a condition.

    Raises:
        UsageError: `usage.bad_argument` for a condition that means nothing.
    """
    engine = rebuilder.sides_of(build).narrow.engine
    sql = f"select 1 from {quote_name(name)}{condition}"
    try:
        engine.describe(Recipe(_plain(name), {name: relation}, rebuilder.moment_of(build), sql, is_part=True))
    except AndonError as error:
        if error.code == "project.unknown_column" or "not found in FROM clause" in str(error.__cause__):
            return error
        message = f"`--where` has no meaning over {name}: {error.message}"
        raise UsageError("usage.bad_argument", message, where="--where", hint=error.hint) from error
    return None


def _written(rebuilder: Rebuilder, build: Build, name: str, relation: Relation, sql: str, version: Version) -> DataFile:
    lake = rebuilder.lake
    path = lake.storage.new_path("data/reduced", name, ".parquet")
    place = lake.storage.engine_path(path)
    recipe = Recipe(_plain(name), {name: relation}, rebuilder.moment_of(build), sql, is_part=True)
    engine = rebuilder.sides_of(build).narrow.engine
    produced = engine.run(Task(recipe, place, lambda _: version.columns))
    size, sha = lake.intact.seal(path)
    return DataFile(path, size, sha, produced.rows, produced.stats)


def _masked(column: Column, salt: str) -> str:
    """SQL: a value in the place of a personal one: equal ones stay equal, and NULL stays NULL."""
    name = quote(column.name)
    digest = f"sha256({literal(salt)} || {name}::varchar)"
    number = f"(('0x' || {digest}[1:12])::bigint % 1000000)"
    kind = column.type
    if kind == "VARCHAR":
        value = f"case when {name} like 'masked-____________' then {name} else 'masked-' || {digest}[1:12] end"
    elif kind.startswith(_WHOLE_NUMBERS):
        value = f"try_cast({number} as {kind})"
    elif kind in ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"):
        value = f"cast(date '1970-01-01' + ({number} % 20000)::integer as {kind})"
    else:
        value = "null"
    return f"case when {name} is not null then {value} end::{kind} as {quote(column.name)}"
