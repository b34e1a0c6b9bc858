"""Sources whose query is asked of a database: its SQL is that database's own, so only its outline is read here."""

from __future__ import annotations

import re

from andon.base.hashing import content_id
from andon.model.dataset import Kind
from andon.project.files.facts import DatasetFacts, DatasetKeys, FileFacts
from andon.project.files.front_matter import read_front_matter
from andon.project.files.loading import load_flaws
from andon.project.files.problems import at_offset, at_place, of_flaws
from andon.sql.outline import outline

#: A line of front matter that makes a source one of a database.
_NAMED = re.compile(r"(?m)^[ \t]*(?:/\*---)?[ \t]*['\"]?connection['\"]?[ \t]*:|[{,][ \t]*connection[ \t]*:")


def is_remote(text: str, path: str) -> bool:
    """Whether the source in `text` names a connection."""
    return _NAMED.search(text) is not None and bool(read_front_matter(text, path).get("connection"))


def read_remote_source(path: str, text: str) -> FileFacts:
    """The facts of a source whose query is asked of a database."""
    declared = read_front_matter(text, path)
    problems = of_flaws(path, text, declared.flaws)
    values = dict(declared.values)
    for name, why in (
        ("materialize", "a source is always a table: what is in a database changes at any time"),
        ("incremental", "`incremental` is for SQL datasets: a source loads by its own rules"),
        ("history", "a history is made by SQL over a source, not by the source"),
        ("sort", "`sort` is for what the lake's engine makes: order the rows in a dataset over this source"),
        ("partition", "`partition` is for what the lake's engine makes: part the rows in a dataset over this source"),
        ("timeout", "`timeout` is for Python datasets"),
        ("allow", "`allow` is for queries that the lake's engine runs"),
    ):
        if values.pop(name, "table") not in ("table", ()):
            place = declared.places.get(name, (1, 1))
            problems.append(at_place(path, text, *place, "project.bad_value", why, "take it out"))
    problems += of_flaws(path, text, tuple(load_flaws(declared, is_remote=True)))
    said = outline(text)
    if said.problem is not None:
        offset, message, hint = said.problem
        problems.append(at_offset(path, text, offset, "project.not_select", message, hint))
    facts = DatasetFacts(kind=Kind.SOURCE, keys=DatasetKeys(**values), normal=_normal(text, said.words), sql=said.sql)
    return FileFacts(facts, tuple(problems))


def _normal(text: str, words: tuple[str, ...]) -> str:
    """Hash of the query without comments and layout; of one with signs that only some databases know, as it is written."""
    if {"`", "#"}.intersection(words):
        return content_id(["remote", text])
    return content_id(["remote", list(words)])
