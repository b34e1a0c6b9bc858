"""SQL files of a project: datasets, sources, checks, macros. Many are read in one call of the parser."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from andon.base.names import is_name_part
from andon.base.record import replace
from andon.base.text import line_and_column
from andon.errors import Problem
from andon.model.check import Allow, Severity
from andon.model.dataset import Kind
from andon.project.files.facts import CheckFile, CheckKeys, DatasetFacts, DatasetKeys, FileFacts, MacroFile, NameUse
from andon.project.files.fields import OF_SOURCES
from andon.project.files.front_matter import read_front_matter, read_other_front_matter
from andon.project.files.growth import growth_problem
from andon.project.files.history import history_problem
from andon.project.files.layout import Role, plain_name
from andon.project.files.loading import load_flaws
from andon.project.files.nodes import PlacedValue
from andon.project.files.problems import at_offset, of_flaws, of_sql
from andon.project.files.query import read_saved_query
from andon.project.files.reading import DeclaredFields, FieldReader, FieldSpec, read_choice, read_loose_text, read_text
from andon.project.files.remote_sql import is_remote, read_remote_source
from andon.sql.facts import read_facts, read_macros
from andon.sql.rules import Role as SqlRole
from andon.sql.rules import refusals
from andon.sql.tokens import first_statement, statements
from andon.sql.uses import SqlFacts

_ALLOWED = re.compile(r"(\d[\d_]*) rows?\Z")


def _read_name(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    text = read_text(reader, known, node)
    if text is None or is_name_part(text):
        return text
    found = f"found `{text}`"
    reader.wrong(node, "a check's name is of lower-case letters, digits and `_`", found, f"`name: {plain_name(text)}`")
    return None


def _read_allow(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> Allow | None:
    """A number of rows; of a share nobody could say of what, since the query returns violations only."""
    text = read_loose_text(reader, known, node)
    if text is None:
        return None
    match = _ALLOWED.match(text)
    if match is not None:
        return Allow(count=int(match[1]))
    hint = "`allow: 20 rows`"
    if text.endswith("%"):
        hint = "a rule returns its violations only, so there is nothing to take a share of: `allow: 20 rows`"
    elif text.isdigit():
        hint = f"`allow: {text} rows`"
    reader.wrong(node, "`allow` is a number of rows", f"found `{text}`", hint)
    return None


#: Keys of the front matter of `checks/*.sql`.
CHECK_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("name", "name", "the file's name", "Name of the check.", _read_name),
    FieldSpec("description", "text", "none", "What it says.", read_text),
    FieldSpec(
        "severity", "hold, warn or info", "hold", "What a violation does.", read_choice, ("hold", "warn", "info")
    ),
    FieldSpec("why", "text", "none", "Why it matters.", read_text),
    FieldSpec("owner", "text", "none", "Who answers questions about it.", read_text),
    FieldSpec("allow", "`20 rows`", "none", "How many violations are accepted.", _read_allow),
)


def read_selects(files: Sequence[tuple[str, str, Role]]) -> list[FileFacts]:
    """The facts of `(path, text, role)` for datasets, sources and checks in SQL, in order."""
    remote = {path for path, text, role in files if role is Role.SOURCE_SQL and is_remote(text, path)}
    facts = iter(read_facts([text for path, text, _ in files if path not in remote]))
    return [
        read_remote_source(path, text) if path in remote else _select(path, text, role, next(facts))
        for path, text, role in files
    ]


def read_macro_files(files: Sequence[tuple[str, str]]) -> list[FileFacts]:
    """The facts of macro files, `(path, text)`, in order."""
    found = read_macros([text for _, text in files])
    out = []
    for (path, text), macros in zip(files, found, strict=True):
        problems = of_sql(path, text, macros.problems)
        for statement in macros.statements:
            if not statement.facts.problems:
                problems += of_sql(path, text, refusals(statement.facts, role="macro", allow=frozenset()))
        out.append(FileFacts(MacroFile(macros.statements), tuple(problems)))
    return out


def _select(path: str, text: str, role: Role, facts: SqlFacts) -> FileFacts:
    if role is Role.CHECK:
        return _check(path, text, facts)
    if role is Role.QUERY:
        return read_saved_query(path, text, first_statement(text), _tables(text, facts), facts)
    is_source = role is Role.SOURCE_SQL
    declared = read_front_matter(text, path)
    problems = of_flaws(path, text, declared.flaws)
    values = dict(declared.values)
    is_view = values.get("materialize") == "view"
    problems += _misplaced(path, text, declared, values, is_source=is_source)
    unkept = history_problem(values, declared.places, "source" if is_source else "sql")
    if unkept is not None:
        key, message, hint = unkept
        problems.append(
            at_offset(path, text, _offset(text, declared.places.get(key)), "project.bad_value", message, hint)
        )
        for name in ("history", "materialize"):
            values.pop(name, None)
    problems += _of_growth(path, text, declared, values, "source" if is_source else "sql")
    problems += of_flaws(path, text, tuple(load_flaws(declared, is_remote=False)))
    problems += _sql_problems(path, text, declared, facts)
    if not facts.problems:
        kind: SqlRole = "source" if is_source else "view" if is_view else "dataset"
        allowed = frozenset(values.get("allow", ()))
        problems += of_sql(path, text, refusals(facts, role=kind, allow=allowed))
        problems += _no_reads(path, text, facts) if is_source else []
    said = DatasetFacts(
        kind=Kind.SOURCE if is_source else Kind.SQL,
        keys=DatasetKeys(**values),
        normal=facts.normal,
        sql=first_statement(text),
        tables=() if is_source else _tables(text, facts),
        calls=_calls(text, facts),
        reads=facts.reads if is_source else (),
        clock=facts.clock,
    )
    return FileFacts(said, tuple(problems))


def _misplaced(
    path: str, text: str, declared: DeclaredFields, values: dict[str, Any], *, is_source: bool
) -> list[Problem]:
    """Keys that mean nothing in such a file; they are taken out of `values`."""
    wrong: list[tuple[str, str, str]] = []
    is_view = values.get("materialize") == "view"
    if is_source and is_view:
        message = "a source is always a table: a view over files would change with them"
        wrong.append(("materialize", message, "take `materialize` out"))
    if is_view and values.get("sort"):
        message = "a view has no files whose rows could lie in an order"
        wrong.append(("sort", message, "take `sort` out, or order the SQL"))
    if is_view and values.get("partition"):
        wrong.append(("partition", "a view has no files to part its rows into", "take `partition` out"))
    if "timeout" in values:
        wrong.append(("timeout", "`timeout` is for Python datasets", "take it out"))
    if not is_source:
        wrong += [(name, f"`{name}` is for sources", "take it out") for name in OF_SOURCES if name in values]
    for name, _, _ in wrong:
        values.pop(name)
    return [
        at_offset(path, text, _offset(text, declared.places.get(name)), "project.bad_value", message, hint)
        for name, message, hint in wrong
    ]


def _of_growth(path: str, text: str, declared: DeclaredFields, values: dict[str, Any], kind: str) -> list[Problem]:
    """What is wrong with how a file says that its dataset grows; then it is taken for a table."""
    wrong = growth_problem(values, declared.places, kind)
    if wrong is None:
        return []
    key, message, hint = wrong
    values.pop("incremental", None)
    if values.get("materialize") == "incremental":
        values.pop("materialize")
    return [at_offset(path, text, _offset(text, declared.places.get(key)), "project.bad_value", message, hint)]


def _check(path: str, text: str, facts: SqlFacts) -> FileFacts:
    declared = read_other_front_matter(text, path, CHECK_FIELDS)
    problems = of_flaws(path, text, declared.flaws)
    problems += of_flaws(path, text, tuple(load_flaws(declared, is_remote=False)))
    problems += _sql_problems(path, text, declared, facts)
    if not facts.problems:
        problems += of_sql(path, text, refusals(facts, role="rule", allow=frozenset()))
    said = CheckFile(
        _tables(text, facts),
        _calls(text, facts),
        first_statement(text),
        facts.normal,
        CheckKeys(**{**declared.values, "severity": Severity(declared.get("severity", "hold"))}),
        declared.places.get("name"),
        facts.clock,
    )
    return FileFacts(said, tuple(problems))


def _sql_problems(path: str, text: str, declared: DeclaredFields, facts: SqlFacts) -> list[Problem]:
    if _hides_sql(declared):
        return []
    found = facts.problems
    if "\n>>>>>>> " in f"\n{text}":
        hint = "the file holds the markers of a merge (`<<<<<<<`, `>>>>>>>`): keep what is right and remove them"
        found = tuple(replace(p, hint=hint) if p.code == "project.bad_sql" else p for p in found)
    elif "{{" in text or "{%" in text:
        hint = "there are no templates: name datasets as they are, `from schema.name`, and use macros for what repeats"
        found = tuple(replace(p, hint=p.hint or hint) if p.code == "project.bad_sql" else p for p in found)
    return of_sql(path, text, found)


def _hides_sql(declared: DeclaredFields) -> bool:
    """Whether the first comment is broken, so that what the parser says about the rest means nothing."""
    return any(flaw.code == "project.front_matter" for flaw in declared.flaws)


def _no_reads(path: str, text: str, facts: SqlFacts) -> list[Problem]:
    if facts.reads or facts.tables:
        return []
    first = statements(text)
    message = "the source reads no file"
    hint = "read one: `from read_csv('raw/orders.csv')`; SQL without files belongs into `datasets/`"
    return [at_offset(path, text, first[0][0] if first else 0, "project.bad_value", message, hint)]


def _tables(text: str, facts: SqlFacts) -> tuple[NameUse, ...]:
    seen: dict[str, NameUse] = {}
    for table in facts.tables:
        if table.name not in seen:
            seen[table.name] = NameUse(table.name, *line_and_column(text, table.offset))
    return tuple(seen.values())


def _calls(text: str, facts: SqlFacts) -> tuple[NameUse, ...]:
    seen: dict[str, NameUse] = {}
    for call in facts.calls:
        if call.qualified is None and call.name not in seen:
            seen[call.name] = NameUse(call.name, *line_and_column(text, call.offset))
    return tuple(seen.values())


def _offset(text: str, place: tuple[int, int] | None) -> int | None:
    if place is None:
        return None
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: place[0] - 1]) + place[1] - 1
