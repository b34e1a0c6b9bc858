"""What things cost, in words and columns that add up, for terminal and pages. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from andon.service.costs import CostPart, CostRates
from andon.value.rates import shown

#: Whom a part of the bill served.
SERVED = {
    "insight": "insights",
    "people": "people",
    "new": "new, too young to tell",
    "waste": "waste",
}
#: What a part without a name is of, by what the bill is told apart.
NAMELESS = {
    "dataset": "questions of people",
    "run": "outside runs",
    "person": "not a person's question",
    "insight": "no insight",
    "schedule": "storage",
}
_CENTISECOND = 10_000
_UNITS = ((10**9, "GB-days"), (10**6, "MB-days"), (10**3, "kB-days"))


def cost_columns(total: CostPart, parts: Sequence[CostPart], rates: CostRates) -> tuple[list[str], list[list[str]]]:
    """Heads of columns, and the cells of `parts` with those of the total last: each column adds up as it is shown."""
    heads = ["seconds"]
    columns = [_hundredths([part.microseconds for part in parts], _CENTISECOND)]
    unit, name = next((each for each in _UNITS if total.byte_days >= each[0]), _UNITS[-1])
    heads.append(name)
    columns.append(_hundredths([part.byte_days for part in parts], unit // 100))
    if total.money is not None:
        heads.append(rates.currency or "money")
        columns.append([_grouped(part.money or "0.00") for part in (*parts, total)])
    return heads, [list(cells) for cells in zip(*columns, strict=True)]


def _hundredths(values: list[int], unit: int) -> list[str]:
    told = shown(values, unit)
    return [_grouped(f"{each // 100}.{each % 100:02d}") for each in (*told, sum(told))]


def _grouped(number: str) -> str:
    whole, _, rest = number.partition(".")
    return f"{int(whole):,}.{rest}"
