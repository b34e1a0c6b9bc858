"""Make the raw files of examples/cdnow from the published CDNOW data set.

    python examples/make_cdnow.py cdnow_master.txt cdnow_sample_ids.txt

Writes one compressed CSV file per month, one with the numbers of all customers, and one with those of the published 1/10 sample. Values are taken as they are; only the layout
changes (a header, ISO dates, customer numbers without leading zeros). The files repeat byte for byte: no time stamp in the gzip header.
Needs nothing but Python.
"""

import gzip
import sys
from collections import defaultdict
from pathlib import Path

RAW = Path(__file__).resolve().parent / "cdnow" / "raw"


def write(name: str, header: str, lines: list[str]) -> None:
    """Write a gzip-compressed CSV file that depends on its content alone."""
    text = "\n".join([header, *lines]) + "\n"
    with (RAW / name).open("wb") as target, gzip.GzipFile("", "wb", 9, target, mtime=0) as packed:
        packed.write(text.encode())


def main(master: str, sample: str) -> None:
    """Split the transactions by month, in the order of day, then as published."""
    months: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for line in Path(master).read_text().splitlines()[1:]:
        customer, day, cds, amount = line.split()
        date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        months[date[:7]].append((date, f"{int(customer)},{date},{cds},{amount}"))
    RAW.mkdir(exist_ok=True)
    for month, rows in months.items():
        rows.sort(key=lambda row: row[0])
        write(f"transactions_{month}.csv.gz", "customer_id,date,cds,amount", [text for _, text in rows])
    customers = sorted({int(text.partition(",")[0]) for rows in months.values() for _, text in rows})
    write("customers.csv.gz", "customer_id", [str(number) for number in customers])
    ids = sorted(int(line) for line in Path(sample).read_text().split())
    write("sample_customers.csv.gz", "customer_id", [str(number) for number in ids])


if __name__ == "__main__":
    main(*sys.argv[1:])
