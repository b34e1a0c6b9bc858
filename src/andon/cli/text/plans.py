"""Plans and results of runs as lines for people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from andon.base.text import plural, seconds
from andon.cli.output import Cell, Console, Ink, error_lines
from andon.cli.table import stacked, table
from andon.cli.text.verdicts import STYLES
from andon.model.plan import UNCHANGED, Action, Plan, Step
from andon.model.run import RunResult, TaskResult, TaskStatus
from andon.render.words import approvals_text, names, reach_text, short, stake_text, verdict_text

if TYPE_CHECKING:
    from andon.service.run_changes import Shown


def plan_lines(
    plan: Plan, console: Console, everything: bool, ink: Ink | None = None, known: Shown | None = None
) -> list[str]:
    """A plan as lines: what is done to which dataset and why, what that means and changes, then the counts.

    Args:
        everything: whether what is unchanged is listed too.
        known: rows that will differ, as far as they are known before.
    """
    pen = ink or console.out
    kind = "a change of code" if plan.is_change else "a refresh"
    if not plan.moves and not plan.is_change:
        kind = "nothing to do"
    lines = [f"{pen.paint(plan.branch, 'bold')} at {pen.paint(short(plan.base), 'accent')}: {kind}"]
    shown = [s for s in plan.steps if everything or not _is_quiet(s)]
    if shown:
        rows: list[Sequence[Cell]] = [
            (symbol(s, pen), s.dataset, (str(s.action), "dim"), (_reason(s, console.width), "dim")) for s in shown
        ]
        lines += ["", *table(rows, pen, width=console.width, indent="  ", whole=[0, 1, 2], wrap=[3], drop=())]
    lines += _meanings(shown, pen, console.width)
    lines += _open_places(plan.steps, pen)
    lines += _rows_ahead(known, pen, console.width) if known is not None else []
    lines += [""] * bool(plan.notices) + [f"{pen.paint('note:', 'warn')} {notice}" for notice in plan.notices]
    lines += ["", _counts(plan, sum(s.seconds or 0.0 for s in plan.works))]
    stake = plan.stake
    # what is to be built and how long that takes stands above: it is told again beside what it costs, and whom it serves
    if stake is not None and (stake.insights or stake.money or stake.budgets) and (told := stake_text(stake)):
        lines.append(f"{pen.paint('at stake:', 'dim')} {told}")
    if plan.approvals:
        lines.append(f"{pen.paint('needs approval:', 'warn')} {approvals_text(plan.approvals)}")
    return lines


def _rows_ahead(known: Shown, pen: Ink, width: int | None) -> list[str]:
    """Rows that will differ for readers, and what checks said of them."""
    from andon.cli.text.run_changes import asked_checks, back_lines

    lines = back_lines(known, pen, width)
    title = ["", pen.paint("rows, against what readers see", "dim"), *lines] if lines else []
    return [*title, *asked_checks(known, pen, width)]


def _meanings(steps: Sequence[Step], pen: Ink, width: int | None) -> list[str]:
    """What the changes of code mean, and whom they concern."""
    rows: list[Sequence[Cell]] = [
        (
            s.dataset,
            (verdict_text(s.verdict), STYLES[s.verdict.kind]),
            (reach_text(s.reach, is_asked=bool(s.readers)), "dim"),
        )
        for s in steps
        if s.verdict is not None and s.reach is not None
    ]
    if not rows:
        return []
    title = pen.paint("what the changes mean", "dim")
    return ["", title, *stacked(rows, pen, width), *_broken(steps, pen, width)]


def _broken(steps: Sequence[Step], pen: Ink, width: int | None) -> list[str]:
    """Whom the changes break, what matters most first."""
    lines: list[str] = []
    for step in steps:
        if step.verdict is None or not step.breaks:
            continue
        by = f"by {step.dataset}"
        told = f"breaks {names(step.breaks)}  {by}"
        # no words are cut: who is broken is what somebody looks for
        found = [told] if width is None else wrap(told, width - 4, subsequent_indent="  ", break_long_words=False)
        found[0] = pen.paint("breaks", "bad") + found[0].removeprefix("breaks")
        if found[-1].endswith(by):
            found[-1] = found[-1].removesuffix(by) + pen.paint(by, "dim")
        lines += [f"  {line}" for line in found]
    return lines


def _open_places(steps: Sequence[Step], pen: Ink) -> list[str]:
    """What changed code leaves open and the published code did not, a line for each place."""
    found = dict.fromkeys((each.file, each.line, each.what, each.exact) for step in steps for each in step.lint)
    lines = [f"  {file}:{line}  {what}  exact: {exact}" for file, line, what, exact in found]
    return ["", pen.paint("two runs may differ", "dim"), *(pen.paint(line, "dim") for line in lines)] if lines else []


def symbol(step: Step, pen: Ink) -> tuple[str, str]:
    """The sign of a step and its style: `+` new, `~` changed, `-` gone, `=` reused, `!` kept back."""
    del pen
    match step.action:
        case Action.DROP:
            return "-", "bad"
        case Action.KEEP:
            return "!", "warn"
        case Action.REUSE:
            return "=", "dim"
        case _:
            return ("+", "good") if step.reason.partition(";")[0] == "new" else ("~", "accent")


def run_lines(result: RunResult, ink: Ink, width: int | None = None) -> list[str]:
    """The summary of a run: what was built, reused and why, what failed, and what readers see now."""
    tasks = result.tasks
    ok = [t for t in tasks if t.status is TaskStatus.OK]
    failed = [t for t in tasks if t.status is TaskStatus.FAILED]
    held = [t for t in tasks if t.status is TaskStatus.HELD]
    skipped = [t for t in tasks if t.status is TaskStatus.SKIPPED]
    rows: list[Sequence[Cell]] = []
    for word, style, found in (
        ("built", "good", [t for t in ok if t.action in (Action.BUILD, Action.VIEW)]),
        ("dropped", "bad", [t for t in ok if t.action == Action.DROP]),
        ("kept back", "warn", [t for t in ok if t.action == Action.KEEP]),
        ("reused", "dim", [t for t in ok if t.action in (Action.REUSE, Action.CHECK)]),
        ("held", "bad", held),
        ("failed", "bad", failed),
        ("skipped", "warn", skipped),
    ):
        if found:
            text = reasons(found) if word in ("reused", "kept back") else names(t.dataset for t in found)
            if word == "skipped" and len({t.reason for t in found}) == 1:
                text = f"{found[0].reason}: {text}"
            rows.append(((word, style), f"{len(found):,}", (text, "dim")))
    if result.checks:
        rows.append((("checked", _check_style(result)), f"{len(result.checks):,}", (_check_counts(result), "dim")))
    lines = table(rows, ink, right=[1], width=width, whole=[0, 1], wrap=[2], drop=())
    lines += [f"  {t.dataset}: {t.note}" for t in ok if t.note]
    return [*lines, *([""] if rows else []), *_ending(result, ink)]


def _check_style(result: RunResult) -> str:
    failed = result.failed_checks
    return "good" if not failed else "bad" if any(c.holds for c in failed) else "warn"


def _check_counts(result: RunResult) -> str:
    """`all pass`, or how many of each outcome."""
    count = Counter("accepted" if c.failed and c.accepted else str(c.status) for c in result.checks)
    if count["pass"] == len(result.checks):
        return "all hold" if len(result.checks) > 1 else "it holds"
    words = (
        ("pass", "hold"),
        ("fail", "fail"),
        ("error", "could not run"),
        ("accepted", "accepted"),
        ("skipped", "skipped"),
    )
    return " · ".join(f"{count[status]:,} {word}" for status, word in words if count[status])


def held_lines(result: RunResult, ink: Ink) -> list[str]:
    """The errors of the datasets that failed; one that several have, as of a database that can't be reached, is told once."""
    alike: dict[str, list[TaskResult]] = {}
    for task in result.tasks:
        if task.status is TaskStatus.FAILED and task.error:
            alike.setdefault(repr(sorted(task.error.items())), []).append(task)
    lines: list[str] = []
    for first, *others in alike.values():
        title = names([task.dataset for task in (first, *others)])
        lines += [*error_lines(first.error or {}, ink, title=title), ""]
    return lines


def reasons(tasks: Iterable[TaskResult]) -> str:
    """Reasons with how often each stands, the most frequent first."""
    counted = Counter("proved equal" if t.reason.startswith("proved equal: ") else t.reason for t in tasks)
    if len(counted) == 1:
        return next(iter(counted))
    return " · ".join(f"{count:,} {reason}" for reason, count in counted.most_common())


def _ending(result: RunResult, ink: Ink) -> list[str]:
    commit = ink.paint(short(result.commit), "accent")
    took = seconds(result.seconds)
    if result.run is None:
        return [f"nothing to do: {result.branch} is up to date at {commit} · {took}"]
    if result.published and result.commit == result.base:
        return [f"nothing new: {result.branch} stays at {commit} · run {result.run} · {took}"]
    if result.published:
        return [f"{ink.paint('published', 'good')} to {result.branch} as {commit} · run {result.run} · {took}"]
    return [
        f"{ink.paint('not published', 'warn')}: {result.held or 'held'} · {took}",
        f"the result is commit {commit}; ask it with `andon query --at run:{result.run} …`",
    ]


def _is_quiet(step: Step) -> bool:
    return step.action is Action.REUSE and step.reason == UNCHANGED


def _reason(step: Step, width: int | None) -> str:
    """Why a step is as it is; a proof by what is read of the inputs is long, and told whole where there is room."""
    if step.proof is not None and step.proof.startswith("of ") and width is not None:
        return "proved equal: what it reads stays"
    broken = f"; breaks {names(step.breaks)}" if step.breaks and step.action is Action.DROP else ""
    return step.reason + broken


def _counts(plan: Plan, expected: float) -> str:
    count = Counter(s.action for s in plan.steps)
    parts = [
        f"{count[action]:,} {words}"
        for action, words in (
            (Action.BUILD, "to build"),
            (Action.VIEW, "to define as views" if count[Action.VIEW] > 1 else "to define as a view"),
            (Action.DROP, "to drop"),
            (Action.KEEP, "kept back"),
            (Action.CHECK, "to check only"),
            (Action.REUSE, "reused"),
        )
        if count[action]
    ]
    checks = sum(s.checks for s in plan.steps)
    if checks:
        parts.append(plural(checks, "check"))
    if expected >= 0.1 and plan.works:
        parts.append(f"about {seconds(expected)} of work")
    return " · ".join(parts) or plural(0, "dataset")
