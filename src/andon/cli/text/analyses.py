"""Analyses and their runs, as lines for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.text import plural, seconds, size
from andon.cli.output import Cell, Console
from andon.cli.table import table
from andon.model.analysis import AnalysisRun, OutputKind
from andon.model.reproduction import ReproVerdict
from andon.render.insights import through_words
from andon.render.words import moment, short

if TYPE_CHECKING:
    from andon.service.analysis_documents import AnalysisInfo, AnalysisLine, AnalysisReproduction

#: Lines of printed text that are shown; of more, the last.
_PRINTED = 20
VERDICTS = {ReproVerdict.IDENTICAL: "good", ReproVerdict.EQUAL: "accent", ReproVerdict.DIFFERENT: "bad"}


def analysis_lines(found: Sequence[AnalysisInfo], console: Console) -> list[str]:
    """A line for each analysis."""
    if not found:
        return ["no analyses: write a script or a notebook into `analyses/`"]
    rows: list[Sequence[Cell]] = [
        (
            each.name,
            each.kind or "",
            (str(each.status or "never run"), _style(each.status)),
            f"@{each.last}" if each.last is not None else "",
            moment(each.began) if each.began is not None else "",
            (short(each.commit) if each.commit is not None else "", "accent"),
            (
                each.problem or " ".join(f"{p.name}={p.default}" for p in each.parameters),
                "warn" if each.problem else "dim",
            ),
        )
        for each in found
    ]
    headers = ("analysis", "kind", "newest run", "", "", "of commit", "parameters")
    return table(rows, console.out, headers=headers, width=console.width)


def log_lines(found: Sequence[AnalysisLine], console: Console, *, is_all: bool = True) -> list[str]:
    """A line for each run; without `is_all` they are the newest of several analyses."""
    if not found:
        return ["no runs yet: `andon analysis run NAME`"]
    rows: list[Sequence[Cell]] = [
        (
            f"{each.name}@{each.number}",
            (each.status, _style(each.status)),
            moment(each.began),
            each.author,
            seconds(each.seconds),
            (f"{each.ref} ({short(each.commit)})", "accent"),
            (" ".join(f"{name}={value}" for name, value in each.parameters.items()), "dim"),
            (plural(each.outputs, "file") + (f", as @{each.same_as}" if each.same_as else ""), "dim"),
        )
        for each in found
    ]
    headers = ("run", "", "when", "by", "took", "of", "parameters", "made")
    lines = table(rows, console.out, headers=headers, width=console.width)
    return (
        lines
        if is_all
        else [*lines, "", console.out.paint("the newest of each: `andon analysis log NAME` has all", "dim")]
    )


def run_lines(run: AnalysisRun, console: Console) -> list[str]:
    """A run, whole."""
    ink = console.out
    head = f"{ink.paint(run.label, 'bold')}  {ink.paint(str(run.status), _style(run.status))}"
    lines = [
        f"{head}  at {run.ref} ({ink.paint(short(run.commit), 'accent')}) · {seconds(run.seconds)} · {moment(run.began)}"
    ]
    read = ", ".join(run.inputs) or "no dataset"
    lines.append(ink.paint(f"  read {read}", "dim"))
    if run.parameters:
        lines.append(ink.paint("  " + " ".join(f"{name}={value}" for name, value in run.parameters.items()), "dim"))
    if run.printed.strip():
        printed = run.printed.rstrip().split("\n")
        lines += ["", ink.paint("Printed", "bold")]
        if len(printed) > _PRINTED:
            lines.append(ink.paint(f"  … {plural(len(printed) - _PRINTED, 'line')} before", "dim"))
        lines += [f"  {line}" for line in printed[-_PRINTED:]]
    if run.numbers:
        rows: list[Sequence[Cell]] = [(name, str(value)) for name, value in run.numbers.items()]
        lines += ["", ink.paint("Figures", "bold"), *table(rows, ink, indent="  ", width=console.width)]
    if run.outputs:
        data = {each.data for each in run.outputs}
        made: list[Sequence[Cell]] = [
            (each.name, _what(each.kind, each.name in data), (size(each.size), "dim")) for each in run.outputs
        ]
        lines += ["", ink.paint("Made", "bold"), *table(made, ink, indent="  ", width=console.width)]
        lines.append(ink.paint(f"  `andon analysis show {run.label} -o FOLDER` copies them", "dim"))
    if run.error is not None:
        first, *rest = run.error.message.split("\n")
        lines += ["", f"{ink.paint('✗', 'bad')} {first}  [{run.error.code}]", *(f"  {line}" for line in rest)]
        if run.error.where:
            lines.append(f"  at {run.error.where}")
        lines += [ink.paint(f"    {line}", "dim") for line in (run.error.traceback or "").rstrip().split("\n") if line]
        if run.error.hint:
            lines.append(f"  hint: {run.error.hint}")
    return lines


def reproduced_lines(found: AnalysisReproduction, console: Console) -> list[str]:
    """The verdict first, then of each thing that it made, what moved, and through which dataset."""
    ink = console.out
    of = f"{ink.paint(found.run, 'bold')} at {found.ref} ({ink.paint(short(found.commit), 'accent')})"
    then = "" if found.commit == found.was else f", which was of {short(found.was)}"
    lines = [f"{ink.paint(found.verdict.spoken, VERDICTS[found.verdict])}  {of}{then}"]
    rows: list[Sequence[Cell]] = [
        (("●", VERDICTS[each.verdict]), each.name, (each.verdict.spoken.lower(), "dim"), (each.how, "dim"))
        for each in found.outputs
    ]
    lines += table(rows, ink, indent="  ", width=console.width)
    for each in found.outputs:
        if each.moved:
            lines += ["", f"{ink.paint(each.name, 'bold')}  {each.how}"]
            lines += [f"  {one.where}: {_value(one.old)} → {_value(one.new)}" for one in each.moved]
            if each.total > len(each.moved):
                lines.append(ink.paint(f"  and {each.total - len(each.moved):,} more", "dim"))
    if found.through:
        lines += ["", ink.paint("Through", "bold")]
        for one in found.through:
            lines.append(f"  {through_words(one)}")
            lines.append(ink.paint(f"    {one.command}", "dim"))
    return lines


def _value(value: object) -> str:
    return "nothing" if value is None else str(value)


def _what(kind: OutputKind, is_data: bool) -> str:
    return "data of a picture" if is_data else str(kind)


def _style(status: str | None) -> str:
    return {"done": "good", "failed": "bad"}.get(str(status), "dim")
