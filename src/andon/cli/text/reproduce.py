"""What came of building a version again, as lines for people. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from andon.base.text import plural
from andon.cli.output import Cell, Ink
from andon.cli.table import table
from andon.cli.text.rows import row_lines
from andon.model.reproduction import OpenConstruct, Reproduction, ReproVerdict
from andon.model.reproduction_sample import ReproductionSample
from andon.render.reproductions import proof_words, proved_words
from andon.render.words import moment, short
from andon.service.proofs import ProofsDocument

_STYLES = {ReproVerdict.IDENTICAL: "good", ReproVerdict.EQUAL: "accent", ReproVerdict.DIFFERENT: "bad"}


def reproduced_lines(found: Reproduction, ink: Ink, width: int | None) -> list[str]:
    """The verdict first, then by what it is known, what was built on the way, what differs and why."""
    of = f"{ink.paint(found.dataset, 'bold')} at {found.ref} ({ink.paint(short(found.commit), 'accent')})"
    lines = [f"{ink.paint(found.verdict.spoken, _STYLES[found.verdict])}  {of}: {found.how}"]
    lines += [ink.paint(f"  {each}", "dim") for each in _recorded(found)]
    if found.inputs:
        rows: list[Sequence[Cell]] = [
            [("●", _STYLES[each.verdict]), each.dataset, (each.verdict.spoken.lower(), "dim"), (each.how, "dim")]
            for each in found.inputs
        ]
        lines += [
            "",
            f"built again for it: {plural(len(rows), 'dataset')}",
            *table(rows, ink, width=width, indent="  "),
        ]
    if found.difference is not None:
        lines += ["", *row_lines(found.difference, ink, width)]
    if found.causes:
        lines += [
            "",
            ink.paint("What may make it so", "bold"),
            *(line for each in found.causes for line in _cause(each, ink)),
        ]
    return lines


def _recorded(found: Reproduction) -> list[str]:
    made = f"run {found.run}" if found.run is not None else "an unknown run"
    engine = found.engine
    parts = [f"made by {made}"]
    if found.logical_time is not None:
        parts.append(f"its clock at {found.logical_time[:19]}Z")
    if "version" in engine:
        threads = plural(int(engine["threads"]), "thread") if "threads" in engine else ""
        parts.append(
            " ".join(
                filter(None, (f"{_engine_name(engine)} {engine['version']}", f"with {threads}" if threads else ""))
            )
        )
    if "python" in engine:
        parts.append(f"Python {engine['python']}")
    lines = [", ".join(parts)]
    if found.proof is not None:
        lines.append(f"then no work was done for it ({found.proof}); now it was built by its own recipe")
    return lines


def _cause(cause: OpenConstruct, ink: Ink) -> list[str]:
    place = cause.file if cause.line is None else f"{cause.file}:{cause.line}"
    lines = [f"  {cause.what}{ink.paint(f'  {place}', 'dim') if place else ''}", f"    {cause.why}"]
    return [*lines, ink.paint(f"    exact: {cause.exact}", "dim")] if cause.exact is not None else lines


def sample_lines(found: ReproductionSample, ink: Ink, width: int | None) -> list[str]:
    """Each version as a line, those that are not repeated first; then the share, and how to draw the same again."""
    rows: list[Sequence[Cell]] = [
        [
            ("●", _STYLES[each.verdict] if each.verdict is not None else "bad"),
            each.verdict.spoken if each.verdict is not None else "CAN'T BE BUILT",
            each.dataset,
            (short(each.commit), "accent"),
            (moment(each.at), "dim"),
            (each.how if each.code is None else f"{each.how} ({each.code})", "dim"),
        ]
        for each in found.versions
    ]
    headers = ("", "verdict", "dataset", "commit", "first shown", "how")
    lines = table(rows, ink, headers=headers, width=width, whole=[0, 1, 2, 3], wrap=[5], drop=[4]) if rows else []
    return [*lines, *([""] if lines else []), _share_line(found, ink), *_draw_lines(found, ink)]


def _share_line(found: ReproductionSample, ink: Ink) -> str:
    if found.share is None:
        looked = f": {plural(found.kept, 'load')} kept, and looked at whole" if found.kept else ""
        return f"no version was built again{looked}"
    built = found.identical + found.equal + found.different + found.failed
    held = found.identical + found.equal
    style = "good" if held == built else "bad"
    counts = [
        (found.identical, "identical"),
        (found.equal, "equal within 1e-9"),
        (found.different, "different"),
        (found.failed, "can't be built"),
        (found.kept, "kept loads that can't be asked for again, not counted"),
    ]
    said = ", ".join(f"{count:,} {word}" for count, word in counts if count)
    # never 100 % of what is not all
    share = f"{math.floor(1000 * held / built) / 10:g} %"
    return f"{ink.paint(share, style)} repeated, {held:,} of {plural(built, 'version')}: {said}"


def _draw_lines(found: ReproductionSample, ink: Ink) -> list[str]:
    since = f" since {moment(found.since)}" if found.since is not None else ""
    if found.seed is not None:
        return [ink.paint(f"drawn from {found.of:,} that {found.ref} showed{since}, by `--seed {found.seed}`", "dim")]
    return [ink.paint(f"all that {found.ref} showed{since}", "dim")]


def proof_lines(found: ProofsDocument, ink: Ink, width: int | None) -> list[str]:
    """What was proved, the newest first; then the share, and when the lake was read whole."""
    rows: list[Sequence[Cell]] = [
        [
            ("●", "dim" if each.expected else _STYLES[each.verdict] if each.verdict is not None else "bad"),
            (moment(each.at), "dim"),
            each.verdict.spoken if each.verdict is not None else "CAN'T BE BUILT",
            each.dataset,
            (proof_words(each), "dim"),
            (each.who, "dim"),
        ]
        for each in found.proofs
    ]
    headers = ("", "when", "verdict", "dataset", "how", "by")
    lines = table(rows, ink, headers=headers, width=width, whole=[0, 2, 3], wrap=[4], drop=[5, 1]) if rows else []
    return [*lines, *([""] if lines else []), *(ink.paint(line, "dim") for line in proved_words(found))]


def _engine_name(engine: Mapping[str, str | int]) -> str:
    if engine.get("server") == "sail":
        return "Sail"
    return {"duckdb": "DuckDB", "spark": "Spark"}.get(str(engine.get("name")), str(engine.get("name") or "DuckDB"))
