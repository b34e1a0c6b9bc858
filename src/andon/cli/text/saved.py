"""What is saved, or would be, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural, seconds
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.cli.text.code import code_lines
from andon.render.words import moment, names

if TYPE_CHECKING:
    from andon.service.proposed_checks import ProposedCheck
    from andon.service.query_history import AskedQuery
    from andon.service.saved_columns import SavedColumn
    from andon.service.saved_queries import ParameterInfo, SavedQueryInfo
    from andon.service.saving import Saved


def saved_lines(found: Saved, ink: Ink, width: int | None) -> list[str]:
    """The dataset in one line, then its columns with what they are made of."""
    what = ("new" if found.is_new else "changed") + (" query" if found.kind == "query" else "")
    nothing = "a source" if found.file.startswith("sources/") else "from no dataset"
    reads = f"from {names(found.reads)}" if found.reads else nothing
    facts = " · ".join((what, plural(len(found.columns), "column"), reads))
    rows: list[Sequence[Cell]] = [
        (column.name, (column.type, "dim"), (_origin(column, found.reads), "dim")) for column in found.columns
    ]
    return [
        f"{ink.paint(found.name, 'bold')}  {ink.paint(facts, 'dim')}",
        *table(rows, ink, width=width, indent="  ", whole=[0], wrap=[2], drop=()),
    ]


def proposed_lines(proposed: Sequence[ProposedCheck], ink: Ink, width: int | None) -> list[str]:
    """Checks to choose from, by number."""
    if not proposed:
        return []
    rows: list[Sequence[Cell]] = [
        ((str(number), "bold"), (one.line, "accent"), (_because(one), "dim")) for number, one in enumerate(proposed, 1)
    ]
    title = ink.paint("checks that its values speak for", "dim")
    return ["", title, *table(rows, ink, width=width, indent="  ", whole=[0, 1], wrap=[2], drop=(), right=[0])]


def query_lines(found: Sequence[SavedQueryInfo], ink: Ink, width: int | None) -> list[str]:
    """Saved queries as a table: what each is given, and what it answers."""
    rows: list[Sequence[Cell]] = [
        (
            query.name,
            ", ".join(map(_parameter, query.parameters)),
            (query.owner or "", "dim"),
            (query.description or f"from {names(query.datasets)}", "dim"),
        )
        for query in found
    ]
    if not rows:
        return []
    return table(rows, ink, headers=["query", "parameters", "owner", "answers"], width=width, whole=[0], wrap=[1, 3])


def query_page(query: SavedQueryInfo, ink: Ink, width: int | None) -> list[str]:
    """All about one saved query."""
    lines = [f"{ink.paint(query.name, 'bold')}  {ink.paint(f'saved query, {query.file}', 'dim')}"]
    lines += [query.description] if query.description else []
    facts: list[Sequence[Cell]] = [(("reads", "dim"), ", ".join(query.datasets) or "no dataset")]
    if query.owner:
        facts.insert(0, (("owner", "dim"), query.owner))
    if query.tags:
        facts.append((("tags", "dim"), ", ".join(query.tags)))
    lines += ["", *table(facts, ink, width=width, whole=[0], wrap=[1], drop=())]
    if query.parameters:
        rows: list[Sequence[Cell]] = [
            (p.name, (p.type or "what its place takes", "dim"), _default(p), (p.description or "", "dim"))
            for p in query.parameters
        ]
        lines += ["", ink.paint("parameters", "dim"), *table(rows, ink, width=width, indent="  ", whole=[0], wrap=[3])]
    return [*lines, "", ink.paint("code", "dim"), *code_lines(query.sql.rstrip("\n").splitlines(), width, "  ")]


def _default(one: ParameterInfo) -> str:
    return f"= {one.default}" if one.default is not None else "must be given"


def _parameter(one: ParameterInfo) -> str:
    kind = f": {one.type}" if one.type else ""
    return f"{one.name}{kind}" + (f" = {one.default}" if one.default is not None else "")


def _because(one: ProposedCheck) -> str:
    if one.past_failures:
        return f"would have failed on {one.past_failures} of {plural(one.past_versions, 'version')}; {one.evidence}"
    return one.evidence


def _origin(column: SavedColumn, reads: Sequence[str]) -> str:
    """The columns a column is made of, and whether it is personal; the schema is left out where there is one input only."""
    shown = [name.removeprefix(f"{reads[0]}.") if len(reads) == 1 else name for name in column.made_of]
    return ", ".join(shown) + (" · marked as personal (pii)" if column.personal else "")


def past_lines(found: Sequence[AskedQuery], ink: Ink, width: int | None) -> list[str]:
    """What was asked before as a table: when, by whom, what came, and the question in one line."""
    rows: list[Sequence[Cell]] = [
        (
            (moment(asked.at), "dim"),
            asked.who,
            "failed" if asked.rows is None else f"{asked.rows:,}",
            (seconds(asked.seconds), "dim"),
            f"{asked.times:,}",
            " ".join(asked.sql.split()),
        )
        for asked in found
    ]
    if not rows:
        return []
    heads = ["asked last", "by", "rows", "took", "times", "question"]
    return table(rows, ink, headers=heads, width=width, right=[2, 3, 4], whole=[0, 2, 3, 4])
