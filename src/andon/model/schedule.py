"""When datasets are to be brought up to date: the rules of their `refresh`, and those of groups."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from andon.base.cron import cron_flaw, zone_flaw
from andon.base.duration import read_duration
from andon.base.record import Record

#: The only word that `refresh` may be in place of a mapping; as a key it says the same.
MANUAL = "manual"
#: Rules by which a dataset is brought up to date without anybody.
RULES = ("max_age", "every", "cron", "when")


class RuleKind(StrEnum):
    """What makes a dataset due."""

    UPSTREAM = "upstream"
    EVERY = "every"
    CRON = "cron"
    MAX_AGE = "max_age"
    WHEN = "when"
    MANUAL = "manual"


class RefreshRule(Record):
    """One rule of a dataset.

    Attributes:
        text: as written: a duration, the five fields of cron, SQL; empty where the kind says all.
        zone: of cron: the time zone of its times.
        schedule: the group in `andon.toml` that it comes from; None where the dataset says it itself.
    """

    kind: RuleKind
    text: str = ""
    zone: str = "UTC"
    schedule: str | None = None

    @property
    def spoken(self) -> str:
        """As people read it."""
        if self.kind is RuleKind.UPSTREAM:
            return "on upstream change"
        if self.kind is RuleKind.MANUAL:
            return "by hand"
        zone = f" {self.zone}" if self.kind is RuleKind.CRON and self.zone != "UTC" else ""
        group = f" (schedule {self.schedule})" if self.schedule is not None else ""
        return f"{self.kind.value} {self.text}{zone}{group}"


class Schedule(Record):
    """A group of datasets with the same rules: `[schedules.NAME]`.

    Attributes:
        select, exclude: terms of a selection.
        rules: in the form of `Dataset.refresh`.
    """

    name: str
    select: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()


def rule_flaw(name: str, text: str) -> tuple[str, str] | None:
    """What is wrong with the text of a rule, as the end of a sentence, and a hint; None where it is right."""
    if name in ("max_age", "every") and read_duration(text) is None:
        return "must be a duration", "such as `30 min`, `6h`, `2d`, `1w`, `3 mo`"
    if name == "cron" and (flaw := cron_flaw(text)) is not None:
        return flaw, "such as `0 6 * * 1-5`; times are UTC where no `tz` is given"
    if name == "tz" and (flaw := zone_flaw(text)) is not None:
        return flaw, "such as `Europe/Berlin`"
    return None


def is_manual(written: tuple[tuple[str, str], ...]) -> bool:
    """Whether a `refresh` says that it is brought up to date by hand alone."""
    return (MANUAL, "true") in written


@lru_cache(maxsize=10_000)
def rules_of(written: tuple[tuple[str, str], ...], schedule: str | None = None) -> tuple[RefreshRule, ...]:
    """The rules that a `refresh` or a group states, those that need no telling included; `upstream` is one of them unless it is taken back.

    Args:
        written: as in `Dataset.refresh`.
        schedule: the group that states them.
    """
    said = dict(written)
    if is_manual(written):
        return (RefreshRule(RuleKind.MANUAL, schedule=schedule),)
    rules = [
        RefreshRule(RuleKind(name), said[name], said.get("tz", "UTC") if name == "cron" else "UTC", schedule)
        for name in RULES
        if name in said
    ]
    if said.get("upstream", "true") == "true":
        rules.append(RefreshRule(RuleKind.UPSTREAM, schedule=schedule))
    return tuple(rules)
