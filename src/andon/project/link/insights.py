"""Insights: what they use is there, and what their saved queries read is among it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from andon.base.names import did_you_mean
from andon.base.record import replace
from andon.model.insight import Insight, use_parts
from andon.model.saved_query import SavedQuery
from andon.project.files.facts import InsightFile, NameUse
from andon.project.link.rules import Add


def link_insights(
    files: Iterable[tuple[str, InsightFile]],
    queries: Sequence[SavedQuery],
    require_known: Callable[[str, Iterable[NameUse]], list[str]],
    add: Add,
) -> tuple[Insight, ...]:
    """All insights of the project, by name.

    Args:
        files: what the files say, by path.
        require_known: reports uses of a file that are no datasets.
        add: reports a problem: file, place, code, message, hint.
    """
    by_name = {query.name: query for query in queries}
    found: dict[str, Insight] = {}
    for path, said in files:
        insight, uses = said.insight, [use for use in said.uses if "." in use.name]
        # a use may name a column too, which only a built dataset has
        require_known(path, [NameUse(use_parts(use.name)[0], use.line, use.column) for use in uses])
        for use in said.uses:
            if "." not in use.name and use.name not in by_name:
                hint = did_you_mean(use.name, by_name) or "write `schema.name`, or the name of a file in `queries/`"
                add(path, use, "project.unknown_query", f"there is no saved query `{use.name}`", hint)
        if insight.name in found:
            message = f"`{found[insight.name].file}` is the insight `{insight.name}` already"
            add(path, None, "project.duplicate_name", message, "rename one of the files")
        read = [name for each in insight.queries if each in by_name for name in by_name[each].datasets]
        found.setdefault(insight.name, replace(insight, uses=tuple(dict.fromkeys((*insight.uses, *read)))))
    return tuple(sorted(found.values(), key=lambda insight: insight.name))
