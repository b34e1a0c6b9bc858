"""A bill in the FOCUS format is accepted by the validator of those who wrote the specification, in an environment of its own."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from andon.value.bill import Allocation, Charge, ChargeKind, Served
from andon.value.focus import VERSION, FocusFrame, focus_rows
from andon.value.rates import Rates

LOCK = Path(__file__).resolve().parents[2] / "requirements" / "focus.txt"
RATES = Rates("EUR", Decimal("0.40"), Decimal("0.023"))
FRAME = FocusFrame("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "acme", "8f2c", RATES)
#: The only version that is published asks by other names than the specification has: those of a draft.
DRAFT = {
    "InvoiceIssuerName": "InvoiceIssuer",
    "ProviderName": "Provider",
    "PublisherName": "Publisher",
    "ResourceId": "ResourceID",
}

_VALIDATE = """
import sys
from focus_validator.main import main
version, *files = sys.argv[1:]
for file in files:
    sys.argv = ["focus-validator", "--data-file", file, "--validate-version", version]
    main()
    print("looked at", file)
"""


def _rows() -> list[dict[str, str]]:
    build, kept = RATES.priced(3_600_123_456, 0), RATES.priced(0, 45 * 10**9)
    charge = Charge(ChargeKind.BUILD, build, ("marts.totals",), run=1, day="2026-11-05")
    storage = Charge(ChargeKind.STORAGE, kept, ("marts.old",))
    asked = Charge(ChargeKind.QUERY, build, person="ana", day="2026-11-06")
    one, two = build.parts(2)
    return focus_rows(
        [
            Allocation(charge, one, Served.INSIGHT, "marts.totals", "pricing"),
            Allocation(charge, two, Served.INSIGHT, "marts.totals", "calls"),
            Allocation(storage, kept, Served.WASTE, "marts.old", None),
            Allocation(asked, build, Served.PEOPLE, None, "ana"),
        ],
        FRAME,
    )


def _write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="numpy as the validator wants it has no wheel there")
def test_the_validator_accepts_it(tmp_path: Path):
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
    place = tmp_path / "own"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, place], check=True)
    python = place / "bin" / "python"
    subprocess.run([uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", LOCK], check=True)
    (packages,) = place.glob("lib/python*/site-packages")
    rows = _rows()
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal("0.834528"), (
        "twice an hour, and 1.5 GB for a month"
    )
    assert "ana" not in str(rows)
    asked = [{**{DRAFT.get(name, name): cell for name, cell in row.items()}, "ChargeType": "Usage"} for row in rows]
    broken = [{**row, "ChargeFrequency": "Sometimes"} for row in asked]
    files = [_write(tmp_path / f"{name}.csv", each) for name, each in (("good", asked), ("broken", broken))]
    # it looks for its currencies below the folder that it is started in
    command = [python, "-c", _VALIDATE, VERSION, *files]
    ran = subprocess.run(command, cwd=packages, capture_output=True, text=True, timeout=300, check=False)
    told = ran.stdout.split("looked at")
    assert len(told) == 3, ran.stderr[-1000:]
    assert ["Validation succeeded." in each for each in told] == [True, False, False], ran.stdout[-3000:]
    assert ["ChargeFrequency_Enum failed" in each for each in told] == [False, True, False]
