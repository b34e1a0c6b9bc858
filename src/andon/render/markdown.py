"""A report on a change as a comment on a pull request: one table, what failed, whom it reaches; rows and code folded away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural, seconds
from andon.model.row_diff import RowDiff, RowSample
from andon.render.diffs import WORDS, rows_text, texts_of, unified
from andon.render.pairs import told_apart
from andon.render.rows import ARROW, differing_text, shown_columns, value_text
from andon.render.visible import visible
from andon.render.words import listed, short

if TYPE_CHECKING:
    from andon.model.reach import Reach
    from andon.service.diff_report import DiffReport, ReportCheck
    from andon.service.history import DatasetDiff

#: Checks and names that are listed; the rest is counted.
_LISTED = 10
#: Datasets with a line of their own in the table.
_DATASETS = 30
_SIGNS = {"changed": "~", "added": "+", "removed": "−"}


def markdown(report: DiffReport, names: tuple[str, str], code: bool) -> list[str]:
    """The comment, line by line."""
    found = report.diff
    count = plural(len(found.datasets), "dataset")
    lines = [f"### {count} differ{'s' if len(found.datasets) == 1 else ''}: `{names[0]}` → `{names[1]}`", ""]
    lines += [f"`{short(found.a.id)}` → `{short(found.b.id)}`", ""]
    lines += _datasets(report)
    lines += _checks(report.checks)
    lines += _reach(report.reach)
    for rows in found.rows or ():
        lines += _rows(rows)
    if found.notes:
        lines += ["**To know**", "", *(f"- {_cell(note.words)}" for note in found.notes), ""]
    texts = list(texts_of(found)) if code else []
    for text in texts:
        lines += [f"<details><summary><code>{escape(text[0])}</code></summary>", "", *fenced(unified(text), "diff")]
        lines += ["", "</details>", ""]
    if not found.datasets and not texts:
        lines += ["No difference.", ""]
    return lines[:-1]


def fenced(body: Sequence[str], language: str) -> list[str]:
    """Lines as a block of code, fenced by more backticks than any of them has."""
    body = [visible(line) for line in body]
    longest = max((len(run) for line in body for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *body, fence]


def escape(text: str) -> str:
    """Text between HTML tags."""
    return visible(text).replace("&", "&amp;").replace("<", "&lt;")


def _datasets(report: DiffReport) -> list[str]:
    found, verdicts = report.diff, report.verdicts
    if not found.datasets:
        return []
    rows = {r.dataset: r for r in found.rows or ()}
    lines = [f"| dataset | {'verdict' if verdicts else 'change'} | rows | columns |", "| --- | --- | --- | --- |"]
    for dataset in found.datasets[:_DATASETS]:
        columns = "<br>".join(_code(s.replace("|", "\\|")) for s in dataset.schema)
        # names of columns in a verdict are code
        word = _cell(verdicts.get(dataset.dataset) or WORDS[dataset.change]).replace("\\`", "`")
        lines.append(f"| `{dataset.dataset}` | {word} | {_counts(dataset, rows.get(dataset.dataset))} | {columns} |")
    more = len(found.datasets) - _DATASETS
    return [*lines, *([f"| … and {more:,} more | | | |"] if more > 0 else []), ""]


def _counts(dataset: DatasetDiff, rows: RowDiff | None) -> str:
    parts = [rows_text(dataset)]
    if rows is not None:
        parts.append(_cell(differing_text(rows)))
    return "<br>".join(p for p in parts if p)


def _checks(checks: Sequence[ReportCheck]) -> list[str]:
    if not checks:
        return []
    failed = sorted((c for c in checks if not c.passed), key=lambda c: ("hold", "warn", "info").index(c.severity))
    lines = [f"**Checks**: {len(checks) - len(failed):,} of {plural(len(checks), 'check')} passed", ""]
    for check in failed[:_LISTED]:
        what = f": {check.found}" if check.found else ""
        lines.append(f"- {check.severity} · `{check.dataset}` · {_code(check.text)}{what}")
    if len(failed) > _LISTED:
        lines.append(f"- … and {len(failed) - _LISTED:,} more")
    return [*lines, ""] if failed else lines


def _reach(reach: Reach | None) -> list[str]:
    if reach is None:
        return []
    parts = [
        f"{plural(len(names), what)} ({listed(names, _LISTED)})"
        for names, what in ((reach.datasets, "dataset"), (reach.insights, "insight"), (reach.owners, "owner"))
        if names
    ]
    if reach.rows is not None:
        parts.append(f"{plural(reach.rows, 'row')} to build")
    if reach.seconds is not None:
        parts.append(f"about {seconds(reach.seconds)}")
    return [f"**Reaches** {', '.join(parts) or 'nothing downstream'}", ""]


def _rows(rows: RowDiff) -> list[str]:
    if not rows.samples:
        return []
    shown, _ = shown_columns(rows)
    names = [rows.names[i] for i in shown]
    lines = [f"<details><summary><code>{escape(rows.dataset)}</code>: {escape(differing_text(rows))}</summary>", ""]
    lines += [f"| | {' | '.join(_cell(n) for n in names)} |", f"| --- |{' --- |' * len(names)}"]
    lines += [
        f"| {_SIGNS[str(s.change)]} | {' | '.join(_sample_cell(rows, s, i) for i in shown)} |" for s in rows.samples
    ]
    notes = [f"- {note}" for note in rows.notes]
    return [*lines, "", *notes, *([""] if notes else []), "</details>", ""]


def _sample_cell(rows: RowDiff, sample: RowSample, index: int) -> str:
    if sample.old is not None and sample.new is not None and rows.names[index] in sample.changed:
        return f"**{ARROW.join(map(_cell, told_apart(sample.old[index], sample.new[index])))}**"
    side = sample.new if sample.new is not None else sample.old
    assert side is not None  # a row is on one side at least
    return _cell(value_text(side[index]))


def _code(text: str) -> str:
    text = visible(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * (longest + 1)
    return f"{ticks}{text}{ticks}" if not longest else f"{ticks} {text} {ticks}"


def _cell(text: str) -> str:
    """Text inside a table of Markdown: no bar, line break, emphasis or tag of its own."""
    plain = visible(text.replace("\r", " ").replace("\n", " ")).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\|*`])", r"\\\1", plain)
