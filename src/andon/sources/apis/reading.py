"""The records of an API as a raw JSON file: read as strictly as one that lies in the project, and held to what was recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from andon.base.names import literal, quote
from andon.base.record import replace
from andon.errors import AndonError, DatasetError
from andon.model.build import EXTRACT
from andon.model.dataset import Definition, FileRead
from andon.model.rest import Rest
from andon.sources.contract import establish
from andon.sources.explain import explain
from andon.sources.files.documents import STATED, is_guarded
from andon.sources.files.scratch import scratch
from andon.sources.files.table import Table
from andon.sources.render import outline, render

#: What the file of all records is called where a raw file has its path.
RECORDS = "records.ndjson"
_COLUMN = re.compile(r"(?:column|key|new key|keys?) `([^`]+)`")


class RecordReading:
    """The records of one load, as a table.

    Args:
        definition: of the source.
        records: a file with one record on each line.
        count: how many there are.
        previous: the contract of the build before, if any.
    """

    def __init__(self, definition: Definition, records: Path, count: int, previous: Mapping[str, Any] | None) -> None:
        self._definition = definition
        self._count = count
        self._rest = definition.rest or Rest("")
        options = ((STATED, _map(self._rest.types)),) if self._rest.types else ()
        sql = f"select * from read_ndjson({literal(RECORDS)})"
        read = FileRead("read_ndjson", (RECORDS,), options, sql.index("read_ndjson"), len(sql))
        self._reading = replace(definition, sql=sql, reads=(read,))
        self._files = {RECORDS: records}
        try:
            self.contract = self._established(previous)
        except DatasetError as error:
            raise self.explained(error) from error

    @property
    def sql(self) -> str:
        """The SELECT that gives the records with the types of the contract, in their order."""
        if not self._count:
            return outline(self._reading, self.contract, {})
        return render(self._reading, self.contract, self._files)

    @property
    def columns(self) -> list[str]:
        """The columns, in order."""
        return [name for name, _ in self.contract["reads"][0]["columns"]]

    def greatest(self, field: str, known: str | None) -> str | None:
        """The greatest value of a column, as the records write it; that which is `known` where none is greater.

        Raises:
            DatasetError: `source.query_failed` where the records have no such field, or it has an order that says nothing.
        """
        if not self._count:
            return known
        table = Table.of(self.contract["reads"][0])
        cast = next((cast for cast in table.casts if cast.column == field), None)
        if cast is None:
            there = ", ".join(f"`{name}`" for name in self.columns)
            message = f"`cursor` names the field `{field}`, which no record has; there is {there}"
            hint = "name a field of the records themselves, none that is nested"
            raise DatasetError("source.query_failed", message, where=self._definition.entry, hint=hint)
        if re.search(r"[\[(]", cast.type.replace("DECIMAL(", "")):
            message = f"`cursor` names the field `{field}`, which is {cast.type}: nothing of it is the greatest"
            raise DatasetError(
                "source.query_failed", message, where=self._definition.entry, hint="name a number, a date or a text"
            )
        typed = cast.sql("t", table.dialect, "null") if is_guarded(cast) else "t"
        path = literal(str(self._files[RECORDS]))
        texts = f"select {quote(field)} as t from read_ndjson({path}, columns = {{{literal(field)}: 'VARCHAR'}})"
        if known is not None:
            texts += f" union all select {literal(known)}"
        with scratch() as connection:
            row = connection.execute(f"select arg_max(t, v) from (select t, {typed} as v from ({texts}))").fetchone()
        return row[0] if row is not None else known

    def explained(self, error: Exception) -> AndonError:
        """What a failure means for who wrote the source: records by their number, and what to write into its file."""
        found = explain(error, self._reading, self._files)
        if not isinstance(found, DatasetError):
            return found
        definition = self._definition
        line = re.search(rf"{re.escape(RECORDS)}:(\d+)", found.where or "")
        text = found.message.replace(f"`{RECORDS}`", "the answer").replace(RECORDS, "the answer")
        if line is not None:
            text = f"record {int(line[1]):,} of `{self._rest.host}`: {text}"
        elif RECORDS in (found.where or ""):
            text = f"`{self._rest.host}`: {text}"
        column = found.details.get("column") or next(iter(_COLUMN.findall(text)), None)
        accept = f"`andon source accept {definition.dataset}` and then `andon run` record it anew"
        hint = f"{accept}; `schema: add` takes new ones as they come" if found.details.get("only_new") else accept
        if column and not found.details.get("only_new"):
            state = f"`columns: {{{column}: {{type: VARCHAR}}}}` in `{definition.entry}` reads it as text"
            hint = state if found.code == "source.ambiguous" else f"{state}; {accept}"
        return DatasetError(found.code, text, where=definition.entry, hint=hint, details=found.details)

    def _established(self, previous: Mapping[str, Any] | None) -> dict[str, Any]:
        definition = self._definition
        is_same = previous is not None and previous.get("recorded", 0) == definition.recorded
        if not self._count and not is_same:
            message = f"`{self._rest.host}` has no records, so nobody can say what columns they have"
            hint = "run again when it has some; or check `url`, `params` and `records`"
            raise DatasetError("source.empty", message, where=definition.entry, hint=hint)
        if not self._count and previous is not None:
            return {name: value for name, value in previous.items() if name != EXTRACT}
        return establish(self._reading, self._files, previous)


def _map(pairs: Sequence[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in pairs) + "}"
