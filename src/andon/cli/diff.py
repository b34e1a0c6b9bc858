"""`andon diff`: for people, for a pull request (Markdown), for programs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from andon.base.text import plural
from andon.cli.app import App, Command, json_option, pass_app
from andon.cli.output import Cell, Ink, short, table

if TYPE_CHECKING:
    from andon.service.history import DatasetDiff, Diff

#: `(path, text before, text after)`.
Text = tuple[str, str | None, str | None]

_SIGNS = {
    "added": ("+", "good"),
    "removed": ("-", "bad"),
    "changed": ("~", "accent"),
    "code": ("~", "dim"),
    "text": ("=", "dim"),
}
_WORDS = {
    "added": "added",
    "removed": "removed",
    "changed": "content changed",
    "code": "code changed, same content",
    "text": "comments or layout only",
}


@click.command(
    cls=Command,
    examples=["andon diff main try", "andon diff main~1 main --no-code", "andon diff main try --format markdown"],
)
@click.argument("a")
@click.argument("b", required=False)
@click.option(
    "--format", "form", type=click.Choice(("text", "markdown", "json")), default="text", help="Of the output."
)
@click.option("--no-code", is_flag=True, help="Leave the texts out.")
@json_option
@pass_app
def diff(app: App, a: str, b: str | None, form: str, no_code: bool) -> None:
    """How commit B differs from commit A: datasets, schemas, row counts, code. Without B: the folder's branch."""
    found = app.workspace.history.diff(a, b or app.workspace.branch())
    if form == "json":
        app.console.as_json = True
    names = (a, b or app.workspace.branch())
    if form == "markdown":
        app.console.show(found.to_json, lambda: markdown(found, names, not no_code))
    else:
        app.console.show(
            found.to_json, lambda: diff_lines(found, names, app.console.out, app.console.width, not no_code)
        )


def diff_lines(found: Diff, names: tuple[str, str], ink: Ink, width: int | None, code: bool) -> list[str]:
    """A diff for people."""
    lines = [_title(found, names, ink)]
    rows: list[Sequence[Cell]] = [
        (_SIGNS[d.change], d.dataset, (_WORDS[d.change], "dim"), rows_text(d)) for d in found.datasets
    ]
    if rows:
        lines += ["", *table(rows, ink, width=width, indent="  ")]
    for dataset in found.datasets:
        if dataset.schema:
            lines += ["", f"  columns of {dataset.dataset}", *(f"    {_painted(s, ink)}" for s in dataset.schema)]
    texts = list(_texts(found))
    if code and texts:
        lines.append("")
        for text in texts:
            lines += [_painted(line, ink) for line in unified(text)]
    elif texts:
        lines += ["", f"{plural(len(texts), 'file')} changed: {', '.join(path for path, _, _ in texts)}"]
    return lines if rows or texts else [*lines, "", "no difference"]


def markdown(found: Diff, names: tuple[str, str], code: bool) -> list[str]:
    """A diff as a comment on a pull request: a table, schemas, then the code folded away."""
    count = plural(len(found.datasets), "dataset")
    lines = [f"### {count} differ{'s' if len(found.datasets) == 1 else ''}: `{names[0]}` → `{names[1]}`", ""]
    lines += [f"`{short(found.a.id)}` → `{short(found.b.id)}`", ""]
    if found.datasets:
        lines += ["| dataset | change | rows | columns |", "| --- | --- | --- | --- |"]
        for dataset in found.datasets:
            columns = "<br>".join(f"`{_cell(s)}`" for s in dataset.schema)
            lines.append(f"| `{dataset.dataset}` | {_WORDS[dataset.change]} | {rows_text(dataset)} | {columns} |")
        lines.append("")
    texts = list(_texts(found)) if code else []
    for text in texts:
        body = unified(text)
        fence = _fence(body)
        lines += [f"<details><summary><code>{_escape(text[0])}</code></summary>", "", f"{fence}diff", *body, fence]
        lines += ["", "</details>", ""]
    if not found.datasets and not texts:
        lines += ["No difference.", ""]
    return lines[:-1]


def rows_text(dataset: DatasetDiff) -> str:
    """`1,234 → 1,240 rows (+6)`."""
    before, after = dataset.rows
    if before is None and after is None:
        return ""
    if before is None or after is None:
        return plural(after if after is not None else before or 0, "row")
    if before == after:
        return plural(after, "row")
    return f"{before:,} → {plural(after, 'row')} ({after - before:+,})"


def unified(text: Text) -> list[str]:
    """One file's change as a unified diff."""
    path, before, after = text
    old, new = (before or "").splitlines(), (after or "").splitlines()
    a = f"a/{path}" if before is not None else "/dev/null"
    b = f"b/{path}" if after is not None else "/dev/null"
    return list(difflib.unified_diff(old, new, a, b, lineterm=""))


def _texts(found: Diff) -> Iterable[Text]:
    for dataset in found.datasets:
        yield from dataset.code
    yield from found.files


def _title(found: Diff, names: tuple[str, str], ink: Ink) -> str:
    left, right = (f"{n} ({ink.paint(short(c.id), 'accent')})" for n, c in zip(names, (found.a, found.b), strict=True))
    return f"{left} → {right}: {plural(len(found.datasets), 'dataset')} differ{'s' if len(found.datasets) == 1 else ''}"


def _painted(line: str, ink: Ink) -> str:
    if line.startswith(("+++", "---")):
        return ink.paint(line, "bold")
    styles = {"+": "good", "-": "bad", "~": "accent", "@": "dim"}
    return ink.paint(line, styles[line[0]]) if line[:1] in styles else line


def _fence(body: list[str]) -> str:
    longest = max((len(run) for line in body for run in _ticks(line)), default=0)
    return "`" * max(3, longest + 1)


def _ticks(line: str) -> list[str]:
    import re

    return re.findall("`+", line)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
