"""Progress of a run on stderr: a live view on a terminal, plain lines in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from andon.base.text import plural, seconds
from andon.cli.output import Console, Ink
from andon.model.event import Ended, Event, Notice, Planned, TaskEnded, TaskMoved, TaskStarted
from andon.model.plan import Action, Plan
from andon.model.run import TaskResult, TaskStatus

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

#: With more steps than this the live view prints only what failed or took long; the rest shows in the counts.
_MANY = 40
_LONG = 1.0


@contextmanager
def progress(console: Console) -> Iterator[LineReporter | LiveReporter]:
    """The reporter that fits the terminal; the live view ends with the block, whatever happens."""
    if not console.err.is_terminal:
        yield LineReporter(console.err)
        return
    live = LiveReporter(console.err)
    try:
        yield live
    finally:
        live.stop()


def _follows(result: TaskResult) -> bool:
    """Whether a task was skipped only since a check held what it reads: the summary counts those."""
    return result.status is TaskStatus.SKIPPED and result.reason.endswith("held by a check")


class LineReporter:
    """Says what happens line by line."""

    def __init__(self, ink: Ink) -> None:
        self._ink = ink

    def stop(self) -> None:
        """Nothing of it stays in the way."""

    def __call__(self, event: Event) -> None:
        """Write the line of an event, if it has one."""
        match event:
            case Notice(text):
                self._ink.line(f"note: {text}")
            case Planned(plan, run) if plan.works:
                waiting = len(plan.steps) - len(plan.works)
                self._ink.line(f"run {run} on {plan.branch}: {len(plan.works)} to do, {waiting} reused")
            case TaskEnded(result) if not _follows(result):
                self._ink.line(task_line(result, self._ink))
            case Planned() | TaskStarted() | TaskMoved() | TaskEnded() | Ended():
                pass


class LiveReporter:
    """Shows what runs, what waits, rows and seconds, redrawn in place."""

    def __init__(self, ink: Ink, clock: Callable[[], float] = time.monotonic) -> None:
        self._ink = ink
        self._clock = clock
        self._live: Live | None = None
        self._began = clock()
        self._total = 0
        self._rows = 0
        self._ended: list[TaskResult] = []
        self._running: dict[str, float] = {}
        self._told: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        """Take an event into the view."""
        match event:
            case Notice(text):
                self._print(f"{self._ink.paint('note', 'dim')}  {text}")
            case Planned(plan, run):
                self._total, self._rows = len(plan.works), 0
                self._began = self._clock()
                self._ended.clear()  # planned again, a run begins again
                self._running.clear()
                if plan.works:
                    self._print(self._ink.paint(planned_line(plan, run), "dim"))
                    self._start()
            case TaskStarted(dataset, _):
                self._running[dataset] = self._clock()
            case TaskMoved(dataset, told):
                self._told[dataset] = told
            case TaskEnded(result):
                self._end(result)
            case Ended():
                self.stop()

    def stop(self) -> None:
        """Take the view away; what was printed above it stays."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def text(self) -> Text:
        """The view as it is now."""
        from rich.text import Text

        now = self._clock()
        view = Text()
        failed = sum(1 for r in self._ended if r.status in (TaskStatus.FAILED, TaskStatus.HELD))
        view.append(f"{len(self._ended)} of {self._total}", style="cyan")
        view.append(f"  {plural(self._rows, 'row')}  {seconds(now - self._began)}", style="dim")
        if failed:
            view.append(f"  {failed} failed", style="red")
        waiting = self._total - len(self._ended) - len(self._running)
        if waiting > 0:
            view.append(f"  {waiting} waiting", style="dim")
        for dataset, since in list(self._running.items())[:12]:
            view.append("\n● ", style="cyan")
            view.append(dataset)
            told = f"  {self._told[dataset]}" if dataset in self._told else ""
            view.append(f"  {seconds(now - since)}{told}", style="dim")
        return view

    def _start(self) -> None:
        from rich.console import Console as RichConsole
        from rich.live import Live

        if self._live is not None:
            return
        # `no_color` alone would leave dim and bold: without a colour system nothing is painted.
        console = RichConsole(
            file=self._ink.stream,
            color_system="auto" if self._ink.color else None,
            no_color=not self._ink.color,
            highlight=False,
            soft_wrap=True,
        )
        self._live = Live(_View(self.text), console=console, refresh_per_second=8, transient=True)
        self._live.start()

    def _end(self, result: TaskResult) -> None:
        self._running.pop(result.dataset, None)
        self._ended.append(result)
        self._rows += result.rows or 0
        few = self._total <= _MANY
        if _follows(result):
            return
        if few or result.status in (TaskStatus.FAILED, TaskStatus.HELD) or result.seconds >= _LONG:
            self._print(task_line(result, self._ink))

    def _print(self, text: str) -> None:
        if self._live is None:
            self._ink.line(text)
            return
        from rich.text import Text

        self._live.console.print(Text.from_ansi(self._ink.shown(text)))


class _View:
    """Asked by rich at every redraw."""

    def __init__(self, text: Callable[[], Text]) -> None:
        self._text = text

    def __rich__(self) -> Any:
        return self._text()


def planned_line(plan: Plan, run: int | None) -> str:
    """Which run goes to which branch, and how much there is to do."""
    works = len(plan.works)
    return f"run {run} on {plan.branch}: {works:,} to do, {len(plan.steps) - works:,} reused"


def task_line(result: TaskResult, ink: Ink) -> str:
    """One ended task: symbol, dataset, rows, seconds, or why not."""
    if result.status is TaskStatus.FAILED:
        message = str((result.error or {}).get("message", result.reason)).partition("\n")[0]
        return f"{ink.paint('✗', 'bad')} {result.dataset}  {message}"
    if result.status is TaskStatus.HELD:
        return f"{ink.paint('✗', 'bad')} {result.dataset}  held: {result.reason}"
    if result.status is TaskStatus.SKIPPED:
        return f"{ink.paint('○', 'warn')} {result.dataset}  skipped: {result.reason}"
    facts = []
    if result.rows is not None:
        facts.append(plural(result.rows, "row"))
    if result.action == Action.VIEW:
        facts.append("view")
    if result.action == Action.DROP:
        facts.append("dropped")
    if result.action == Action.BUILD:
        facts.append(seconds(result.seconds))
    return f"{ink.paint('✓', 'good')} {result.dataset}  {ink.paint('  '.join(facts), 'dim')}".rstrip()
