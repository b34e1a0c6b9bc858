"""Commits as lines for people: the log, changes of columns, what an undo did. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.render.origins import git_mark
from andon.render.words import moment, names, short

if TYPE_CHECKING:
    from andon.model.reverted import Reverted
    from andon.service.history import LogEntry
    from andon.service.run_changes import Shown
    from andon.service.schema_changes import SchemaChange

#: Of a line about a column: `+ name TYPE`, `- name TYPE`, `~ name TYPE -> TYPE`.
_LINE_STYLES = {"+": "good", "-": "bad", "~": "accent"}


def schema_lines(changes: Sequence[SchemaChange], ink: Ink, width: int | None) -> list[str]:
    """Commits that changed a dataset's columns, each with its lines below."""
    lines: list[str] = []
    for change in changes:
        commit = change.commit
        style = "dim" if change.undone else "accent"
        undone = " (undone)" if change.undone else ""
        verdict = f"  {change.verdict}" if change.verdict else ""
        message = f"{commit.message}{undone}{verdict}"
        cells: list[Cell] = [
            (short(commit.id), style),
            (moment(commit.time), "dim"),
            (commit.author, "dim"),
            change.change if change.change != "changed" else "",
            (message, "dim" if change.undone else ""),
        ]
        lines += [
            *([""] if lines else []),
            *table([[c for c in cells if c]], ink, width=width, whole=[0, 1, 3], wrap=[2, 4], drop=()),
        ]
        lines += [f"  {ink.paint(line, _LINE_STYLES[line[0]])}" for line in change.lines]
    return lines or ["its columns never changed in this history"]


def log_lines(entries: Sequence[LogEntry], ink: Ink, width: int | None) -> list[str]:
    """Commits as a table."""
    rows: list[Sequence[Cell]] = []
    is_git = any(entry.git is not None for entry in entries)
    for entry in entries:
        commit = entry.commit
        run = f"run:{commit.run}" if commit.run is not None else ""
        style = "dim" if entry.undone else ""
        message = (
            f"(undone) {commit.message}" if entry.undone else commit.message
        )  # in front, where nothing cuts it off
        rows.append(
            (
                (short(commit.id), "dim" if entry.undone else "accent"),
                (moment(commit.time), "dim"),
                (str(commit.kind), style),
                (commit.author, "dim"),
                (run, "dim"),
                *([(git_mark(entry.git) if entry.git is not None else "", "dim")] if is_git else ()),
                (f"{len(entry.changed):,}" if entry.changed else "", "dim"),
                _checked(entry),
                (message, style),
            )
        )
    git = ["git"] if is_git else []
    headers = ["commit", "at (UTC)", "kind", "author", "run", *git, "changed", "checks", "message"]
    place = headers.index
    if not rows:
        return ["no commits"]
    return table(
        rows,
        ink,
        headers=headers,
        right=[place("changed"), place("checks")],
        width=width,
        whole=[place(each) for each in headers if each not in ("author", "message")],
        wrap=[place("author"), place("message")],
        first=[place("message")],
        drop=[*map(place, git), place("run"), place("changed"), place("author"), place("checks"), place("kind")],
        rest="`--json` has all",
    )


def _checked(entry: LogEntry) -> Cell:
    """How many checks the commit's run asked, or how many of them failed all the same."""
    if entry.checks is None:
        return ""
    asked, failed = entry.checks
    return (f"{failed:,} of {asked:,} ✗", "warn") if failed else (f"{asked:,} ✓", "dim")


def _changed(datasets: Sequence[str]) -> str:
    if not datasets:
        return "no dataset changed for readers"
    return f"{plural(len(datasets), 'dataset')} changed: {names(datasets)}"


def reverted_lines(
    done: Reverted, ink: Ink, word: str, width: int | None = None, changes: Shown | None = None
) -> list[str]:
    """What an undo or a redo did.

    Args:
        changes: what is known of the rows that changed.
    """
    lines = [
        f"{ink.paint(word, 'good')} {ink.paint(short(done.target.id), 'accent')} ({done.target.message})",
        f"  {done.branch} is {ink.paint(short(done.commit.id), 'accent')} now; " + _changed(done.datasets),
    ]
    if changes is not None:
        from andon.cli.text.run_changes import back_lines

        lines += back_lines(changes, ink, width, indent="    ")
    if done.rejected:
        paths = names(sorted({c.path for c in done.rejected}))
        lines.append(f"  kept out until changed, or `andon accept --rejected PATH`: {paths}")
    return lines
