"""Datasets as lines for people: the list, the page of one, where the folder stands. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.base.names import literal
from andon.base.s3 import SCHEME
from andon.base.text import plural, seconds, size
from andon.cli.output import Cell, Console, Ink, error_lines
from andon.cli.table import table
from andon.cli.text.checks import page_checks
from andon.cli.text.code import code_lines
from andon.cli.text.find import lamp_cell
from andon.cli.text.plans import symbol
from andon.model.build import engine_words
from andon.render.dataset_questions import count_words
from andon.render.origins import git_words
from andon.render.reproductions import rebuilt_words, repeat_commands
from andon.render.values import cell_text, is_number, is_solid
from andon.render.words import moment, names, review_text, short

if TYPE_CHECKING:
    from andon.service.dataset_page import Page
    from andon.service.datasets import DatasetInfo
    from andon.service.needs import Need
    from andon.service.status import Status

#: Lines of a Python dataset's output that its page shows.
_PRINTED_LINES = 20
_SAMPLE_COLUMNS = 100
#: Notes on a sample that the page of its dataset has said by then.
_SAID_ABOVE = ("check",)


def list_lines(found: Sequence[DatasetInfo], ink: Ink, width: int | None) -> list[str]:
    """Datasets as a table."""
    rows: list[Sequence[Cell]] = [
        (
            d.dataset,
            (d.kind if d.materialize == "table" or d.kind == "source" else d.materialize, "dim"),
            f"{d.rows:,}" if d.rows is not None else "",
            (size(d.bytes) if d.rows is not None else "", "dim"),
            (d.owner or "", "dim"),
            (_first_line(d.description), "dim"),
        )
        for d in found
    ]
    if not rows:
        return []
    headers = ("dataset", "kind", "rows", "size", "owner", "description")
    return table(
        rows,
        ink,
        headers=headers,
        right=[2, 3],
        width=width,
        whole=[0, 1, 2, 3],
        first=[5],
        drop=[3, 4, 1, 5],
        rest="`andon show NAME` has all",
    )


def page_lines(page: Page, console: Console) -> list[str]:
    """The page of a dataset."""
    ink, width = console.out, console.width
    info, version = page.info, page.version
    lines = [f"{ink.paint(page.dataset, 'bold')}  {ink.paint(_kind(page), 'dim')}"]
    if info is not None and info.description:
        lines += [info.description]
    facts: list[Sequence[Cell]] = [(("commit", "dim"), f"{short(page.commit.id)} of {moment(page.commit.time)}")]
    if version.rows is not None:
        facts.append(
            (("rows", "dim"), f"{version.rows:,} in {plural(len(version.files), 'file')}, {size(version.bytes)}")
        )
    if info is not None:
        facts += _about(page)
    facts += _made(page)
    facts += _grown(page)
    if page.leaf.kind != "source":
        facts.append((("reads", "dim"), ", ".join(page.reads) or "nothing"))
    facts.append((("read by", "dim"), ", ".join(page.read_by) or "no dataset"))
    asked = count_words(page.questions)
    if asked:
        facts.append((("questions", "dim"), f"{asked}: `andon questions {page.dataset} --all`"))
    if page.queries:
        facts.append((("asked by", "dim"), ", ".join(page.queries)))
    if page.insights:
        facts.append((("serves", "dim"), "; ".join(f"{i.title} ({i.kind})" for i in page.insights)))
    lines += ["", *table(facts, ink, width=width, whole=[0], wrap=[1], drop=())]
    lines += [
        "",
        ink.paint("columns", "dim"),
        *table(_columns(page), ink, width=width, indent="  ", whole=[0], wrap=[1, 2], first=[2], drop=()),
    ]
    if page.checks:
        lines += ["", ink.paint("checks", "dim")]
        lines += [f"  {text}" for text in page_checks(page.checks, ink, width)]
    if page.contract:
        lines += ["", ink.paint("how its files are read", "dim"), *(f"  {text}" for text in page.contract)]
    if page.sample:
        lines += ["", ink.paint("sample", "dim"), *_sample(page, ink, width)]
    if page.gone is not None:
        lines += ["", ink.paint("sample", "dim"), ink.paint(f"  {page.gone.message}", "warn"), f"  {page.gone.hint}"]
    lines += [ink.paint(f"  {note.words}", "warn") for note in page.notes if note.below or note.kind not in _SAID_ABOVE]
    if page.build is not None and page.build.log:
        lines += ["", ink.paint("what it printed", "dim"), *_printed(page.build.log)]
    lines += ["", ink.paint("code", "dim"), *code_lines(page.code.rstrip("\n").splitlines(), width, "  ")]
    return lines if page.gone is not None else [*lines, "", ink.paint("read it elsewhere", "dim"), *_elsewhere(page)]


def status_lines(found: Status, console: Console) -> list[str]:
    """Where folder and branch stand."""
    ink = console.out
    commit = found.commit
    head = f"on {ink.paint(found.branch, 'bold')} at {ink.paint(short(commit.id), 'accent')}"
    lines = [
        f"{head} · {plural(found.datasets, 'dataset')} · {commit.kind} by {commit.author}, {moment(commit.time)} UTC"
    ]
    if found.error is not None:
        lines += ["", *error_lines(found.error.to_json(), ink, title="a run would stop")]
    elif found.plan is not None:
        lines += ["", *_pending(found, console)]
    lines += need_lines([need for need in found.needs if need.kind != "folder"], console)
    if found.behind:
        lines += ["", f"made by older code than the branch's: {names(found.behind)}"]
    if found.rejected:
        lines += ["", f"{ink.paint('kept out', 'warn')} by an undo; `andon accept --rejected PATH` lets it pass:"]
        lines += [f"  {path}" for path in found.rejected]
    if found.runs:
        rows: list[Sequence[Cell]] = [
            (
                (f"run:{r['run']}", "accent"),
                (str(r["status"]), "" if r["status"] == "done" else "warn"),
                str(r["branch"]),
                ("published" if r["published"] else "not published", "dim"),
                (moment(str(r["started"])), "dim"),
            )
            for r in found.runs
        ]
        lines += [
            "",
            ink.paint("recent runs", "dim"),
            *table(rows, ink, indent="  ", width=console.width, wrap=[2], drop=()),
        ]
    return lines


def need_lines(needs: Sequence[Need], console: Console) -> list[str]:
    """What needs a person, and the one next step of each."""
    if not needs:
        return []
    ink = console.out
    rows: list[Sequence[Cell]] = []
    for need in needs:
        about = "" if need.kind == "branch" else ", ".join(need.datasets[:1])
        rows.append((lamp_cell(need.status), about, need.what, (_whom(need), "dim")))
        incident = f"incident {need.incident} · " if need.incident is not None else ""
        rows.append(("", "", (f"{incident}next: {need.action.command}", "dim"), ""))
    return [
        "",
        ink.paint("needs a person", "dim"),
        *table(rows, ink, indent="  ", width=console.width, whole=[0, 1], wrap=[2, 3], drop=()),
    ]


def _whom(need: Need) -> str:
    affected = need.affected
    parts = [
        plural(affected.people, "reader") if affected.people else "",
        f"{plural(affected.datasets, 'dataset')} below" if affected.datasets else "",
        plural(len(affected.insights), "insight") if affected.insights else "",
    ]
    return ", ".join(part for part in parts if part)


def _pending(found: Status, console: Console) -> list[str]:
    plan, ink = found.plan, console.out
    assert plan is not None  # asked before
    notices = [f"{ink.paint('note:', 'warn')} {notice}" for notice in plan.notices]
    if not plan.moves:
        return [_still(found), *notices]
    rows: list[Sequence[Cell]] = [(symbol(s, ink), s.dataset, (s.reason, "dim")) for s in plan.moves[:20]]
    more = [f"  and {len(plan.moves) - 20} more: `andon plan`"] if len(plan.moves) > 20 else []
    title = f"`andon run` would do {plural(len(plan.moves), 'step')}:"
    return [
        title,
        *table(rows, ink, indent="  ", width=console.width, whole=[0, 1], wrap=[2], drop=()),
        *more,
        *notices,
    ]


def _still(found: Status) -> str:
    """Why nothing is to be built; that the branch has all of the folder is said only where it is so."""
    assert found.plan is not None  # asked before
    if found.plan.is_change:
        return "code differs, nothing to build"
    if found.plan.notices:
        return "nothing to build, but the branch differs from the folder:"
    if found.rejected:
        return "nothing to build; what an undo keeps out of the branch is listed below"
    return "nothing to do: the branch has what the folder says"


def _kind(page: Page) -> str:
    made = page.leaf.kind if page.leaf.kind != "sql" else "SQL"
    return f"{'Python' if made == 'python' else made} · {page.leaf.materialize}"


def _grown(page: Page) -> list[Sequence[Cell]]:
    """How a table that grows does so, and what of it stays by somebody's word."""
    growth = page.info.definition.growth if page.info is not None else None
    if page.grown is None or growth is None:
        return []
    by = f"by time: `{growth.column}`, by the {growth.grain}" if growth.column else f"by {growth.by}"
    filled = ", ".join(f"{start or 'the first'} to {end or 'the last'}" for start, end in page.grown.filled or ())
    pairs = [
        ("grows", f"{by}; last {page.grown.way}"),
        ("filled", filled.replace("T00:00:00", "")),
        ("by word", "; ".join(page.grown.words)),
    ]
    return [((name, "dim"), text) for name, text in pairs if text]


def _about(page: Page) -> list[Sequence[Cell]]:
    info = page.info
    assert info is not None  # asked before
    pairs = [
        ("owner", info.owner or ""),
        ("review", review_text(info.owner, info.review)),
        ("tags", ", ".join(info.tags)),
        ("glossary", "; ".join(f"{term.term}: {term.meaning}" for term in page.terms.get("", ()))),
        ("key", ", ".join(info.definition.key)),
        ("caveats", "; ".join(each.text for each in info.caveats)),
        ("deprecated", "" if info.deprecated is None else info.deprecated.told(page.today).removeprefix("is ")),
        ("certified", "" if info.certified is None else f"by {info.certified.words}"),
        ("repeats", f"no: `allow: [{', '.join(info.definition.allow)}]`" if info.definition.allow else ""),
    ]
    return [((name, "dim"), text) for name, text in pairs if text]


def _made(page: Page) -> list[Sequence[Cell]]:
    build = page.build
    if build is None:
        return []
    engine = engine_words(build.engine)
    threads = f", {plural(int(build.engine['threads']), 'thread')}" if "threads" in build.engine else ""
    run = f"run {build.run}, " if build.run is not None else ""
    text = f"{run}{moment(build.created)} UTC, {seconds(build.seconds)}" + (f", {engine}{threads}" if engine else "")
    rows: list[Sequence[Cell]] = [(("built", "dim"), text)]
    if page.origin is not None and page.origin.git:
        rows.append((("from", "dim"), git_words(page.origin.git)))
    for beside in ("compared", "not_spark"):
        if beside in build.engine:
            rows.append((("engine", "dim"), str(build.engine[beside])))
    if build.proof:
        rows.append((("because", "dim"), build.proof))
    if page.rebuilt is not None:
        rows.append((("built again", "dim"), rebuilt_words(page.rebuilt, build.id)))
    commands = repeat_commands(page.dataset, page.commit.id, build)
    rows.append((("repeat", "dim"), " · ".join(f"`{each}`" for each in commands if each is not None)))
    if build.files:
        rows.append((("files", "dim"), names(f.path for f in build.files)))
    return rows


def _columns(page: Page) -> list[Sequence[Cell]]:
    return [(c.name, (c.type, "accent"), (_said(page, c.name.lower()), "dim")) for c in page.version.columns]


def _said(page: Page, column: str) -> str:
    """What is said of a column, here or where its values come from, and the words of the glossary that stand in it."""
    handed = page.handed.get(column)
    above = f"{handed.text} (from {', '.join(handed.origins)})" if handed is not None else ""
    terms = ", ".join(term.term for term in page.terms.get(column, ()))
    said = page.described.get(column) or above
    return f"{said} [{terms}]".strip() if terms else said


def _sample(page: Page, ink: Ink, width: int | None) -> list[str]:
    columns = page.version.columns[:_SAMPLE_COLUMNS]
    rows: list[list[Cell]] = [
        [("NULL", "dim") if v is None else cell_text(v) for v in row[:_SAMPLE_COLUMNS]] for row in page.sample
    ]
    right = [i for i, c in enumerate(columns) if is_number(c.type)]
    solid = [i for i, c in enumerate(columns) if is_solid(c.type)]
    return table(
        rows,
        ink,
        headers=[c.name for c in columns],
        right=right,
        whole=solid,
        width=width,
        indent="  ",
        rest=f'`andon query "from {page.dataset} limit 10" --vertical` shows all',
    )


def _printed(log: str) -> list[str]:
    texts = log.rstrip("\n").splitlines()
    more = [f"  and {len(texts) - _PRINTED_LINES:,} more lines in `--json`"] if len(texts) > _PRINTED_LINES else []
    return [*(f"  {text}" for text in texts[:_PRINTED_LINES]), *more]


def _elsewhere(page: Page) -> list[str]:
    lines = [f'  andon query "from {page.dataset}" --at {short(page.commit.id)}']
    if page.version.is_view:
        return [*lines, "  a view is read through Andon"]
    place = page.iceberg
    if place is None:
        return [*lines, "  Iceberg metadata are made when an account that may write to the lake looks at it"]
    lines += [
        f"  Iceberg   {place}",
        f"  DuckDB    from iceberg_scan({literal(place)})",
        f"  Python    pyiceberg.table.StaticTable.from_metadata({place!r}).scan().to_arrow()",
    ]
    return [*lines, *_BUCKET] if place.startswith(SCHEME) else lines


#: What readers of a bucket are told beside its address.
_BUCKET = (
    "  who asks and where, each reader is told first: DuckDB by `create secret (type s3, key_id …, secret …, endpoint …)`,",
    "  pyiceberg by `from_metadata(…, {'s3.endpoint': …, 's3.access-key-id': …, 's3.secret-access-key': …})`",
)


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
