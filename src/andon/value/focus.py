"""A bill as rows of FOCUS 1.0 (FinOps Open Cost and Usage Specification), which other tools of cost read. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

from andon.base.record import Record
from andon.value.bill import Allocation, Amounts, ChargeKind, Served
from andon.value.rates import Rates

#: The version of the specification whose columns are written.
VERSION = "1.0"

_MILLION = 10**6
_NOTHING = (
    "AvailabilityZone",
    "ChargeClass",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "RegionId",
    "RegionName",
)


class FocusFrame(Record):
    """What is the same in all rows.

    Attributes:
        since, until: the time that the bill is of (ISO texts).
        lake: the account that is billed, by a name and an id.
    """

    since: str
    until: str
    lake: str
    lake_id: str
    rates: Rates


class _Line(Record):
    """What is added up in one row."""

    since: str
    until: str
    kind: ChargeKind
    dataset: str
    served: str
    to: str


def focus_rows(allocations: Iterable[Allocation], frame: FocusFrame) -> list[dict[str, str]]:
    """Rows of one day, dataset and kind each, by whom they served; their costs add up to the bill's, to a millionth."""
    sums: dict[_Line, Amounts] = {}
    for each in allocations:
        day, kind = each.charge.day, each.charge.kind
        since, until = (f"{day}T00:00:00Z", _after(day)) if day else (frame.since, frame.until)
        to = each.to or "" if each.served is Served.INSIGHT else ""  # no sums of people
        line = _Line(since, until, kind, each.dataset or "", str(each.served), to)
        sums[line] = sums.get(line, Amounts()).plus(each.amounts)
    ordered = sorted(sums, key=lambda line: (line.since, line.dataset, line.kind, line.served, line.to))
    return [_row(line, sums[line], frame) for line in ordered]


def _after(day: str) -> str:
    from datetime import date, timedelta

    return f"{(date.fromisoformat(day) + timedelta(days=1)).isoformat()}T00:00:00Z"


def _row(line: _Line, amounts: Amounts, frame: FocusFrame) -> dict[str, str]:
    is_storage = line.kind is ChargeKind.STORAGE
    rate = frame.rates.storage_gb_month if is_storage else frame.rates.compute_hour
    unit, sku = ("GB-Months", "storage-gb-month") if is_storage else ("Hours", "compute-hour")
    quantity = Decimal(amounts.byte_days) / (30 * 10**9) if is_storage else Decimal(amounts.micros) / (3600 * _MILLION)
    cost, price = _plain(Decimal(amounts.money) / _MILLION), _plain(rate or Decimal(0))
    what = f"{line.kind} of {line.dataset}" if line.dataset else f"{line.kind} of {line.to or 'people'}"
    tags = {"andon/kind": str(line.kind), "andon/served": line.served} | ({"andon/to": line.to} if line.to else {})
    return dict.fromkeys(_NOTHING, "") | {
        "BilledCost": cost,
        "BillingAccountId": frame.lake_id,
        "BillingAccountName": frame.lake,
        "BillingCurrency": frame.rates.currency,
        "BillingPeriodStart": frame.since,
        "BillingPeriodEnd": frame.until,
        "ChargeCategory": "Usage",
        "ChargeDescription": what,
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": line.since,
        "ChargePeriodEnd": line.until,
        "ConsumedQuantity": _plain(quantity),
        "ConsumedUnit": unit,
        "ContractedCost": cost,
        "ContractedUnitPrice": price,
        "EffectiveCost": cost,
        "InvoiceIssuerName": "Andon",
        "ListCost": cost,
        "ListUnitPrice": price,
        "PricingCategory": "Standard",
        "PricingQuantity": _plain(quantity),
        "PricingUnit": unit,
        "ProviderName": "Andon",
        "PublisherName": "Andon",
        "ResourceId": line.dataset,
        "ResourceName": line.dataset,
        "ResourceType": "Dataset" if line.dataset else "",
        "ServiceCategory": "Storage" if is_storage else "Compute",
        "ServiceName": "Andon",
        "SkuId": sku,
        "SkuPriceId": sku,
        "SubAccountId": line.dataset.partition(".")[0],
        "SubAccountName": line.dataset.partition(".")[0],
        "Tags": json.dumps(tags, ensure_ascii=False),
    }


def _plain(value: Decimal) -> str:
    """A number without an exponent."""
    return f"{value.quantize(Decimal(1).scaleb(-9)):f}".rstrip("0").rstrip(".") if value else "0"
