"""What computing costs, by the settings."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from andon.model.budget import Budget, HourlyRate, read_budget

if TYPE_CHECKING:
    from andon.settings.resolve import Settings


def hourly_rate(settings: Settings) -> HourlyRate | None:
    """What an hour of computing costs by `[cost]`; None where nobody says."""
    said = str(settings.get("cost.compute_hour"))
    return HourlyRate(Decimal(said), str(settings.get("cost.currency"))) if said else None


def publish_budget(settings: Settings) -> Budget | None:
    """What the builds of one publish may take together, by `[publish]`; None where nobody says."""
    return read_budget(str(settings.get("publish.budget")))
