"""Schedules that are finer than anybody reads. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from andon.base.clock import from_text
from andon.base.cron import cron_times
from andon.base.duration import read_duration
from andon.base.text import plural
from andon.errors import ProjectError
from andon.model.dataset import Dataset
from andon.model.project import Project
from andon.model.schedule import RefreshRule, RuleKind, rules_of
from andon.project.select import select, selectable
from andon.project.write_sql import with_settings
from andon.settings.schedules import schedules_of
from andon.simplify.hint import Hint, HintKind, Savings, WrittenHint
from andon.simplify.scene import ProjectScene

_DAY = 86_400
#: On so many days somebody must have read, before it is told how often they do.
_LEAST_DAYS = 5
#: Reads within so many seconds are one.
_ONE = 3_600


def coarser_schedules(scene: ProjectScene, now: datetime) -> Iterator[Hint]:
    """A hint for each dataset that is made more than once a day, and read at most daily with all that is made of it."""
    if not scene.is_told:
        return
    groups = grouped(scene.project, scene)
    for name in sorted(scene.settled & scene.project.datasets.keys()):
        said = scene.project.datasets[name]
        own = rules_of(said.refresh) if said.refresh else ()
        finest = _finest(own, now)
        if finest is None or name in groups or name not in scene.old or name in scene.held:
            continue
        if (
            any(rule.kind in (RuleKind.MAX_AGE, RuleKind.WHEN) for rule in own)
            or sum(_per_day(r, now) > 0 for r in own) != 1
        ):
            continue
        below = scene.below(name)
        if below & groups or any(_promises(scene.project.datasets.get(each), now) for each in below):
            continue
        times = read_times(scene, {name, *below})
        if times is None:
            continue
        yield _hint(scene, said, finest, now, times, sorted(below))


def grouped(project: Project, scene: ProjectScene) -> set[str]:
    """The datasets that a group of `andon.toml` brings up to date."""
    there = selectable(project.datasets, scene.needs)
    found: set[str] = set()
    for schedule in schedules_of(project.settings):
        found |= set(select(schedule.select, there))
    return found


def read_times(scene: ProjectScene, names: set[str]) -> Sequence[datetime] | None:
    """When anybody read one of them, where that was on enough days, and on none more than once; reads of one hour are one."""
    times = sorted(from_text(at) for name in names for at in (scene.asked[name].times if name in scene.asked else ()))
    apart: list[datetime] = []
    for at in times:
        if not apart or (at - apart[-1]).total_seconds() > _ONE:
            apart.append(at)
    days = {at.date() for at in apart}
    if len(days) < _LEAST_DAYS or len(days) < len(apart):
        return None
    return apart


def _promises(said: Dataset | None, now: datetime) -> bool:
    """Whether a dataset is to be newer than a day by a rule of its own."""
    if said is None:
        return False
    rules = rules_of(said.refresh) if said.refresh else ()
    return any(_per_day(rule, now) > 1 or rule.kind is RuleKind.WHEN for rule in rules)


def _finest(rules: Sequence[RefreshRule], now: datetime) -> RefreshRule | None:
    found = [rule for rule in rules if rule.kind in (RuleKind.EVERY, RuleKind.CRON) and _per_day(rule, now) > 1]
    return found[0] if len(found) == 1 else None


def _per_day(rule: RefreshRule, now: datetime) -> float:
    """How often a rule makes a dataset due, a day; of `max_age` how new it wants it."""
    if rule.kind in (RuleKind.EVERY, RuleKind.MAX_AGE):
        duration = read_duration(rule.text)
        if duration is None or duration.months or duration.seconds <= 0:
            return 0.0
        return _DAY / duration.seconds
    if rule.kind is not RuleKind.CRON:
        return 0.0
    times, at = 0, now.astimezone(UTC)
    end = at + timedelta(days=7)
    cron = cron_times(rule.text, rule.zone)
    while times < 7 * 1_440:
        following = cron.after(at)
        if following is None or following > end:
            break
        times, at = times + 1, following
    return times / 7


def _hint(
    scene: ProjectScene,
    said: Dataset,
    rule: RefreshRule,
    now: datetime,
    times: Sequence[datetime],
    below: Sequence[str],
) -> Hint:
    path, often = said.definition.entry, _per_day(rule, now)
    kept = [(key, text) for key, text in said.refresh if key not in ("every", "cron", "tz")]
    wanted = "{" + ", ".join(f"{key}: {text}" for key, text in (("every", "1d"), *kept)) + "}"
    problem: str | None = None
    files: tuple[WrittenHint, ...] = ()
    try:
        if not path.endswith(".sql"):
            raise ProjectError("project.cannot_add", f"write `refresh: {wanted}` into {path} by hand")
        made = with_settings(path, scene.texts[path], {"refresh": wanted})
        files = (WrittenHint(path, made),)
    except ProjectError as error:
        problem = error.message
    cost = scene.cost(said.name)
    each = cost.seconds / cost.builds if cost.builds else 0.0
    return Hint(
        HintKind.SCHEDULE,
        said.name,
        f"bring `{said.name}` up to date once a day: nobody reads it more often",
        rule.spoken,
        evidence=(
            f"`{rule.spoken}` makes it due {often:.0f} times a day",
            f"it, or what is made of it ({', '.join(below) or 'nothing'}), was read on {plural(len(times), 'day')}"
            f" of the last {scene.days}, once on each",
        ),
        saves=Savings(0, round(max(0.0, (min(often * 30, cost.builds) - 30) * each), 3), 0),
        files=files,
        proof="no query is changed",
        problem=problem,
    )
