"""What is to be saved, as the text of a project file: where it lies, what it says, and problems of it at their place in the query."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from andon.base.duration import read_duration
from andon.base.names import did_you_mean, is_name_part
from andon.base.record import Record, replace, values_of
from andon.base.text import excerpt
from andon.errors import Problem, ProjectError, UsageError
from andon.model.commit import State
from andon.model.dataset import stands_beside
from andon.project.add_checks import add_checks
from andon.project.files.front_matter import read_front_matter, read_other_front_matter
from andon.project.files.layout import plain_name, spot
from andon.project.files.nodes import Flawed
from andon.project.files.query import QUERY_FIELDS
from andon.project.files.reading import DeclaredFields
from andon.project.write_sql import split_query, with_query, with_settings, yaml_list, yaml_text
from andon.sql.uses import HAS_PARAMETERS

_CRON = re.compile(r"\S+(?:\s+\S+){4}\Z")

#: Numbers and times as YAML reads them.
_SCALAR = re.compile(r"[0-9][0-9.:T-]*\Z")


class ToSave(Record):
    """A query that becomes a dataset, or what is to be another in one that is there.

    Attributes:
        name: `schema.name` of a dataset; a name without a schema is that of a saved query.
        sql: one SELECT, kept as it is written; it may have front matter of its own. None: the query stays.
        owner, description, materialize, refresh: as in front matter; "" takes the setting out, None leaves it. `refresh` is a duration
            (`6h`), five fields of cron, or `key: value`.
        tags, key: the same.
        parameters: of a saved query: `name=type` or `name=type=default`.
        checks: lines of the check language that are added, or ids of checks that were proposed.
        replaces: whether a dataset of that name may be there.
        seen: a ref of what was looked at: where somebody published another text of it since, nothing is done. None: as it is now.
    """

    name: str
    sql: str | None = None
    owner: str | None = None
    description: str | None = None
    materialize: str | None = None
    refresh: str | None = None
    tags: tuple[str, ...] | None = None
    key: tuple[str, ...] | None = None
    parameters: tuple[str, ...] | None = None
    checks: tuple[str, ...] = ()
    replaces: bool = False
    seen: str | None = None

    @property
    def is_query(self) -> bool:
        """Whether it is a saved query, and no dataset."""
        return "." not in self.name

    @property
    def settings(self) -> Mapping[str, str | None]:
        """What is said of it, as YAML by key; None for what goes."""
        texts = {"description": self.description, "owner": self.owner}
        found = {key: yaml_text(text) if text else None for key, text in texts.items() if text is not None}
        if self.tags is not None:
            found["tags"] = yaml_list(self.tags) if self.tags else None
        if self.materialize is not None:
            found["materialize"] = yaml_text(self.materialize) if self.materialize else None
        if self.key is not None:
            found["key"] = yaml_list(self.key) if len(self.key) > 1 else yaml_text(self.key[0]) if self.key else None
        if self.refresh is not None:
            found["refresh"] = _refresh(self.refresh) if self.refresh else None
        if self.parameters is not None:
            found["parameters"] = _parameters(self.parameters) if self.parameters else None
        return found


class SavedText(Record):
    """The project file that something is saved in.

    Attributes:
        text: all of it; `before` what is there now, None for a new file.
    """

    path: str
    text: str
    before: str | None

    def with_checks(self, lines: tuple[str, ...]) -> SavedText:
        """The same with more checks."""
        _require_text("checks", lines, self.path)
        return replace(self, text=add_checks(self.path, self.text, lines)) if lines else self

    def told(self, error: ProjectError) -> ProjectError:
        """An error with places in the query, where they are known by the file's."""
        problems = [self._in_query(problem) for problem in error.problems]
        return replace(ProjectError.of(problems), hint=error.hint) if error.problems else error

    def _in_query(self, problem: Problem) -> Problem:
        if problem.message == HAS_PARAMETERS:
            hint = "a name without a schema saves the query itself, with its parameters"
            problem = replace(problem, hint=hint)
        head, query = split_query(self.text)
        above = head.count("\n")
        if problem.file != self.path or problem.line is None or problem.line <= above:
            return problem
        line = problem.line - above
        return Problem(
            problem.code,
            problem.message,
            "query",
            line,
            problem.column,
            problem.hint,
            excerpt(query, line, problem.column),
        )


def saved_text(wanted: ToSave, path: str, before: str | None) -> SavedText:
    """The file as it should be.

    Args:
        before: the file as it is, None for a new one.

    Raises:
        UsageError: `usage.bad_argument` where there is no query.
        ProjectError: `project.cannot_add`; front matter that can't be read.
    """
    for field, value in values_of(wanted).items():
        _require_text(field, value, wanted.name)
    if wanted.sql is not None and not wanted.sql.strip():
        hint = f'`andon save {wanted.name} "select …"`'
        raise UsageError("usage.bad_argument", "there is no SQL to save", where=wanted.name, hint=hint)
    _require_fitting(wanted)
    try:
        text = with_query(before or "", wanted.sql) if wanted.sql is not None else before or ""
        text = with_settings(path, text, wanted.settings, _query_keys if wanted.is_query else read_front_matter)
    except Flawed as flawed:
        problem = Problem(
            flawed.flaw.code, flawed.flaw.message, path, flawed.flaw.line, flawed.flaw.column, flawed.flaw.hint
        )
        raise ProjectError.of([problem]) from flawed
    return SavedText(path, text, before)


def _require_text(field: str, value: object, where: str) -> None:
    """Refuse what no file can hold.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    texts = value if isinstance(value, tuple) else (value,)
    try:
        "".join(text for text in texts if isinstance(text, str)).encode()
    except UnicodeEncodeError as error:
        message = f"`{field}` holds half of a surrogate pair, which is not a character"
        raise UsageError("usage.bad_argument", message, where=where, hint="take it out") from error


def _query_keys(text: str, path: str) -> DeclaredFields:
    return read_other_front_matter(text, path, QUERY_FIELDS)


def _require_fitting(wanted: ToSave) -> None:
    """Refuse what only the other kind of file has.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    own = {"materialize": wanted.materialize, "refresh": wanted.refresh, "key": wanted.key, "checks": wanted.checks}
    over = [key for key, value in own.items() if value] if wanted.is_query else ["parameters"] * bool(wanted.parameters)
    if over:
        what = "a saved query" if wanted.is_query else "a dataset"
        hint = f"a dataset has a schema: `marts.{wanted.name}`" if wanted.is_query else "a saved query has no schema"
        message = f"`{wanted.name}` names {what}, which has no `{over[0]}`"
        raise UsageError("usage.bad_argument", message, where=wanted.name, hint=hint)


def new_path(name: str) -> str:
    """Where a new query lies.

    Raises:
        UsageError: `usage.bad_argument` for what can't name one.
    """
    if is_name_part(name):
        return query_path(name)
    schema, _, short = name.partition(".")
    path = f"datasets/{schema}/{short}.sql"
    if is_name_part(schema) and is_name_part(short):
        found = spot(path)
        if found.code is None:
            return path
        message, hint = found.message, f"another schema or name: `andon save marts.{short} …`"
    else:
        parts = [plain_name(part) for part in name.split(".") if part.strip()]
        good = ".".join(parts if len(parts) == 2 else ["marts", "_".join(parts) or "name"])
        message, hint = f"`{name}` can't name a dataset: that is a schema and a name", f"such as `{good}`"
    raise UsageError("usage.bad_argument", message, where=name, hint=hint)


def file_of(name: str, state: State) -> str | None:
    """The file of a dataset or a saved query, None where there is none."""
    if "." not in name:
        path = query_path(name)
        return path if path in state.shared else None
    leaf = state.leaves.get(name)
    if leaf is None:
        return None
    return next((path for path, _ in leaf.files if not stands_beside(path)), None)  # rows set aside have none


def query_names(state: State) -> list[str]:
    """All saved queries."""
    return [path.removeprefix("queries/").removesuffix(".sql") for path in state.shared if path.startswith("queries/")]


def not_found(name: str, state: State) -> UsageError:
    """The error for a name that nothing has."""
    if "." in name:
        near = did_you_mean(name, state.leaves)
        message, hint = f"there is no dataset `{name}` to change", near or "`andon ls` lists them"
        return UsageError("lake.dataset_not_found", message, where=name, hint=hint)
    near = did_you_mean(name, query_names(state))
    message, hint = f"there is no saved query `{name}` to change", near or "`andon ls --queries` lists them"
    return UsageError("lake.query_not_found", message, where=name, hint=hint)


def query_path(name: str) -> str:
    """Where a saved query lies."""
    return f"queries/{name}.sql"


def _parameters(said: Sequence[str]) -> str:
    """Parameters as a mapping in YAML.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    found = []
    for text in said:
        name, _, rest = text.partition("=")
        kind, given, default = rest.partition("=")
        name, kind = name.strip().removeprefix("$"), kind.strip()
        if not re.fullmatch(r"\w+", name) or not kind:
            hint = "`month=date`, or `month=date=2026-10-01` with a default"
            raise UsageError("usage.bad_argument", f"`{text}` says no parameter", where=text, hint=hint)
        shown = default if _SCALAR.match(default) else yaml_text(default)
        value = f"{{type: {yaml_text(kind)}, default: {shown}}}" if given else yaml_text(kind)
        found.append(f"{name}: {value}")
    return f"{{{', '.join(found)}}}"


def _refresh(said: str) -> str:
    """When a refresh is due, as a mapping in YAML.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    text = said.strip()
    if read_duration(text) is not None:
        return f"{{max_age: {text}}}"
    if _CRON.match(text) and ":" not in text:
        return f'{{cron: "{text}"}}'
    if ":" not in text:
        hint = "`6h`: at most so old; `0 6 * * *`: at these times; `every: 1d`"
        raise UsageError("usage.bad_argument", f"`{said}` says not how new it has to be", where="refresh", hint=hint)
    return text if text.startswith("{") else f"{{{text}}}"
