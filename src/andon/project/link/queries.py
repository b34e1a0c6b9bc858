"""Saved queries put together: what each is called and reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from andon.base.names import is_name_part
from andon.model.saved_query import SavedQuery
from andon.project.files.facts import NameUse, QueryFile
from andon.project.files.layout import plain_name
from andon.project.link.rules import Add


def link_queries(
    said: Iterable[tuple[str, QueryFile]],
    require_known: Callable[[str, Iterable[NameUse]], list[str]],
    add: Add,
) -> tuple[SavedQuery, ...]:
    """The queries of `queries/*.sql`, by name.

    Args:
        require_known: the names that are datasets; notes problems for the others.
    """
    found = []
    for path, facts in sorted(said, key=lambda pair: pair[0]):
        name = path.removeprefix("queries/").rsplit(".", 1)[0]
        if "/" in name:
            short = plain_name(name.replace("/", "_"))
            add(path, None, "project.bad_name", "a saved query lies in `queries/` itself", f"`queries/{short}.sql`")
        elif not is_name_part(name):
            hint = f"rename it: `queries/{plain_name(name)}.sql`"
            add(path, None, "project.bad_name", f"`{name}` is not a valid name of a query", hint)
        found.append(
            SavedQuery(
                name,
                path,
                facts.sql,
                tuple(require_known(path, facts.tables)),
                facts.parameters,
                facts.description,
                facts.owner,
                facts.tags,
            )
        )
    return tuple(found)
