"""Steps of a stage as they are packed: what an engine was asked, over files of the folder. Pure but for what is packed on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from andon.base.names import literal, quote
from andon.base.record import Record
from andon.engines.engine import Recipe
from andon.engines.relation import Relation, TableRelation
from andon.model.quarantine import AsideRule, aside_condition
from andon.sql.clock import shadow_macros
from andon.sql.macros import macro_name
from andon.sql.tokens import tokens

#: Where results of steps lie while they are made.
OUT = "out"

#: Packs a file as the engine names it, for a name, and gives its path in the folder.
Pack = Callable[[str, str], str]


class Packs(Protocol):
    """Packs what steps read."""

    def pack(self, place: str, name: str) -> str:
        """Pack a file that SQL names as a text; another text is given back as it is."""
        ...

    def pack_file(self, place: str, name: str) -> str:
        """Pack a file that an engine is to read."""
        ...


class WrittenCode(Record):
    """The file that SQL was made of.

    Attributes:
        path: in the project.
        body: its statement, as it stands in the SQL but for `calls`.
        tail: what follows the statement in the file.
        calls: of a source: where what it says of files begins and ends, and what was run in its place; in their order.
    """

    path: str
    body: str
    tail: str
    calls: tuple[tuple[int, int, str], ...] = ()

    @property
    def ran(self) -> str:
        """The statement as it was run."""
        text = self.body
        for start, end, ran in reversed(self.calls):
            text = text[:start] + ran + text[end:]
        return text

    @property
    def replaced(self) -> list[dict[str, Any]]:
        """The calls by their text, and by which of all its occurrences in the statement each is: comments may hold it, too."""
        found = []
        for start, end, ran in self.calls:
            text = self.body[start:end]
            before = sum(self.body.startswith(text, at) for at in range(start))
            found.append({"written": text, "number": before, "ran": ran})
        return found


def relation_entry(name: str, relation: Relation, packs: Packs) -> dict[str, Any]:
    """A relation as a step names it."""
    if isinstance(relation, TableRelation):
        return {"files": [packs.pack_file(file, name) for file in relation.files]}
    inputs = {each: relation_entry(each, below, packs) for each, below in relation.inputs.items()}
    return {"sql": packed_sql(relation.sql, name, packs.pack), "macros": list(relation.macros), "inputs": inputs}


def packed_sql(sql: str, name: str, pack: Pack) -> str:
    """SQL with files of the folder in the place of those that it names; `pack` gives other texts back as they are."""
    parts: list[str] = []
    at = 0
    for token in tokens(sql) if "/" in sql or "\\" in sql else ():
        if token.kind != "string" or not token.text.startswith("'"):
            continue
        text = token.text[1:-1].replace("''", "'")
        path = pack(text, name) if "/" in text or "\\" in text else text
        if path != text:
            parts += [sql[at : token.start], literal(path)]
            at = token.end
    return "".join([*parts, sql[at:]])


def sql_step(
    number: int,
    recipe: Recipe,
    columns: Sequence[tuple[str, str]],
    aside: tuple[str, Sequence[AsideRule]] | None,
    written: WrittenCode | None,
    macro_files: Mapping[str, str],
    packs: Packs,
) -> tuple[dict[str, Any], str]:
    """A step of SQL, and its text.

    Args:
        columns: name and type that the lake stores.
        aside: where rows go that are set aside, and by which rules.
        macro_files: texts of macro files by path.
    """
    definition = recipe.definition
    sql = packed_sql(recipe.sql or "", definition.dataset, packs.pack)
    step = {
        "kind": "sql",
        "name": definition.dataset,
        "session": list(shadow_macros(recipe.moment)),
        "sql": f"ran/{number}-{definition.dataset}.sql",
        "written": _place(sql, written),
        "macros": [_macro(each, macro_files) for each in definition.macros],
        "inputs": {name: relation_entry(name, each, packs) for name, each in recipe.inputs.items()},
        "columns": [list(each) for each in columns],
        "aside": aside_condition(aside[1], [quote(name) for name, _ in columns]) if aside is not None else None,
        "aside_output": f"{OUT}/{number}-aside.parquet" if aside is not None else None,
        "output": f"{OUT}/{number}.parquet",
    }
    return step, sql


def _macro(statement: str, files: Mapping[str, str]) -> dict[str, Any]:
    path = next((path for path, text in files.items() if statement in text), None)
    return {"name": macro_name(statement)[0], "path": path, "text": statement}


def _place(sql: str, written: WrittenCode | None) -> dict[str, Any] | None:
    """Where the statement of a file stands in what was run; None where it stands there not just once."""
    if written is None or sql.count(written.ran) != 1:
        return None
    start = sql.index(written.ran)
    return {
        "path": written.path,
        "start": start,
        "end": start + len(written.ran),
        "tail": written.tail,
        "calls": written.replaced,
    }
