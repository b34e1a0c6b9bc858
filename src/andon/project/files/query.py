"""Saved queries: `queries/*.sql`, a SELECT over datasets with parameters, and what its front matter says of them."""

from __future__ import annotations

from andon.base.names import did_you_mean
from andon.base.typed import TYPES, type_named, typed
from andon.model.saved_query import QueryParameter
from andon.project.files.facts import FileFacts, NameUse, QueryFile
from andon.project.files.front_matter import read_other_front_matter
from andon.project.files.nodes import PlacedValue
from andon.project.files.problems import at_place, of_flaws, of_sql
from andon.project.files.reading import FieldReader, FieldSpec, read_loose_text, read_text, read_texts
from andon.sql.parse import parameter_names
from andon.sql.rules import refusals
from andon.sql.uses import HAS_PARAMETERS, SqlFacts


def _read_type(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    text = read_text(reader, known, node)
    if text is None:
        return None
    found = type_named(text)
    if found is None:
        hint = did_you_mean(text, TYPES) or "known are " + ", ".join(f"`{name}`" for name in TYPES)
        reader.wrong(node, "the type of a parameter is one of a few", f"found `{text}`", hint)
    return found


def _read_default(reader: FieldReader, known: FieldSpec, node: PlacedValue) -> str | None:
    return node.raw if node.kind in ("number", "flag") else read_loose_text(reader, known, node)


#: Keys of a parameter below `parameters`.
PARAMETER_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("type", ", ".join(TYPES), "what its place takes", "What a value must be.", _read_type),
    FieldSpec("default", "value", "none: it must be given", "What it is where nobody says.", _read_default),
    FieldSpec("description", "text", "none", "What it means.", read_text),
)


def _read_parameters(reader: FieldReader, _: FieldSpec, node: PlacedValue) -> tuple[QueryParameter, ...] | None:
    if node.kind != "map":
        hint = "write `month: date` on each line below `parameters:`"
        reader.wrong(node, "`parameters` must be a mapping", f"found {node.shown()}", hint)
        return None
    found = []
    for name, value in node.value.items():
        reader.named[f"parameter:{name}"] = node.keys[name]
        if value.kind == "null":
            found.append(QueryParameter(name))
        elif value.kind == "map":
            found.append(_parameter(reader, name, value))
        else:
            found.append(QueryParameter(name, _read_type(reader, PARAMETER_FIELDS[0], value)))
    return tuple(found)


def _parameter(reader: FieldReader, name: str, node: PlacedValue) -> QueryParameter:
    values = reader.read(node, PARAMETER_FIELDS).values
    made = QueryParameter(name, **values)
    if made.type is not None and made.default is not None:
        try:
            typed(made.type, made.default)
        except ValueError as error:
            place = node.value["default"]
            reader.add("project.bad_value", f"the default of `{name}`: {error}", place.line, place.column)
    return made


#: Keys of the front matter of `queries/*.sql`.
QUERY_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("description", "text", "none", "What it answers.", read_text),
    FieldSpec("owner", "text", "none", "Who answers questions about it.", read_text),
    FieldSpec("tags", "list of texts", "none", "Words to find it by.", read_texts),
    FieldSpec(
        "parameters",
        "mapping: name → type, or type, default, description",
        "those of its SQL",
        "What its `$parameters` are.",
        _read_parameters,
    ),
)


def read_saved_query(path: str, text: str, sql: str, tables: tuple[NameUse, ...], facts: SqlFacts) -> FileFacts:
    """The facts of a saved query.

    Args:
        sql: its statement, with all that stands before it.
        tables: what it reads.
    """
    declared = read_other_front_matter(text, path, QUERY_FIELDS)
    problems = of_flaws(path, text, declared.flaws)
    wrong = facts.problems
    if facts.normal:  # it parses, so its parameters are known
        wrong = tuple(problem for problem in wrong if problem.message != HAS_PARAMETERS)
    if not any(flaw.code == "project.front_matter" for flaw in declared.flaws):
        problems += of_sql(path, text, wrong)
    parameters: tuple[QueryParameter, ...] = declared.get("parameters", ())
    if facts.normal and not wrong:
        problems += of_sql(path, text, refusals(facts, role="query", allow=frozenset()))
        named = parameter_names(sql)
        if any(name.isdigit() for name in named):
            message = "a saved query names its parameters"
            problems.append(at_place(path, text, 1, 1, "project.bad_sql", message, "write `$name` for `?` and `$1`"))
        known = {parameter.name for parameter in parameters}
        for name in known - named:
            line, column = declared.named[f"parameter:{name}"]
            hint = did_you_mean(name, named) or "take it out, or name it in the SQL"
            message = f"the SQL has no parameter `${name}`"
            problems.append(at_place(path, text, line, column, "project.bad_value", message, hint))
        parameters += tuple(QueryParameter(name) for name in sorted(named - known) if not name.isdigit())
    said = QueryFile(
        tables,
        sql,
        parameters,
        declared.get("description"),
        declared.get("owner"),
        declared.get("tags", ()),
    )
    return FileFacts(said, tuple(problems))
