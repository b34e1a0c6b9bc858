"""A shop in a Postgres of its own, in a temporary folder: to try the project beside this file with.

    python examples/orders/shop.py demo     # start it, run the project, let two days pass, take one back, stop it
    python examples/orders/shop.py serve    # start it, say what to set, stop it with Ctrl-C

Postgres is not part of Andon: on Debian `apt install postgresql` brings it. As root the server runs as the account `postgres`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from servers import postgres, postgres_programs  # noqa: E402 it lies beside this folder

ANDON = [sys.executable, "-m", "andon.cli.main"]
TABLES = """
create table customers (id integer primary key, name text not null, email text not null, city text not null);
create table orders (
  id integer primary key, customer_id integer not null references customers, day date not null,
  amount numeric(10, 2) not null, status text not null, updated_at timestamptz not null
);
create index on orders (updated_at);
insert into customers
select i, 'Customer ' || i, 'customer' || i || '@example.com', (array['Rome', 'Oslo', 'Bern'])[1 + i % 3] from generate_series(1, 300) i;
insert into orders
select i, 1 + i * 7 % 300, date '2026-10-01' + i % 30, 5 + i % 90, 'paid', timestamptz '2026-10-01 12:00Z' + interval '1 day' * (i % 30)
from generate_series(1, 20000) i;
"""
#: What happens in the shop on two days.
DAYS = (
    """
    insert into orders
    select 20000 + i, 1 + i * 11 % 300, '2026-10-31', 5 + i % 90, 'paid', '2026-10-31 12:00Z' from generate_series(1, 700) i;
    update orders set status = 'returned', updated_at = '2026-10-31 13:00Z' where id = 29;
    update customers set city = 'Lyon' where id = 1;
    """,
    """
    insert into orders
    select 30000 + i, 1 + i * 13 % 300, '2026-11-01', 5 + i % 90, 'paid', '2026-11-01 12:00Z' from generate_series(1, 650) i;
    """,
)


def main() -> int:
    """Do what the first argument says."""
    what = sys.argv[1] if len(sys.argv) > 1 else "demo"
    if what not in ("demo", "serve"):
        print(__doc__)
        return 2
    programs = postgres_programs()
    if programs is None:
        print("Postgres is not installed here; on Debian: apt install postgresql", file=sys.stderr)
        return 1
    with shop(programs) as (run, environ):
        if what == "serve":
            print("the shop is open; in another terminal:\n")
            for name in ("SHOP_PORT", "SHOP_PASSWORD"):
                print(f"  export {name}={environ[name]}")
            print(f"  cp -r {HERE} my-orders && cd my-orders && andon run\n\nCtrl-C closes it", flush=True)
            with suppressed_interrupt():
                while True:
                    time.sleep(60)
        return demo(run, environ) if what == "demo" else 0


def demo(run: Any, environ: dict[str, str]) -> int:
    """The story: load, two days, one taken back."""
    with tempfile.TemporaryDirectory(prefix="orders-") as folder:
        project = Path(folder) / "orders"
        shutil.copytree(HERE, project, ignore=shutil.ignore_patterns(".andon", "__pycache__"))

        def say(*words: str) -> None:
            print(f"\n$ andon {' '.join(repr(w) if ' ' in w else w for w in words)}", flush=True)
            subprocess.run([*ANDON, *words], cwd=project, env=environ, check=True)

        say("run", "--yes", "--now", "2026-10-31")
        for day, what in zip(("2026-11-01", "2026-11-02"), DAYS, strict=True):
            print("\n-- a day passes in the shop")
            run(what)
            say("refresh", "--now", day)
        say("query", "from marts.revenue_by_day order by day desc limit 3")
        say(
            "query",
            "select city, valid_from::date as since, valid_to::date as until from marts.customers where id = 1 order by since",
        )
        say("undo", "--yes")
        say("query", "select max(day) as newest, count(*) as orders from shop.orders")
    return 0


@contextmanager
def suppressed_interrupt() -> Iterator[None]:
    """Ends at Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        print()


@contextmanager
def shop(programs: Path) -> Iterator[tuple[Any, dict[str, str]]]:
    """A running server with the shop's tables: what runs statements in it, and the environment of who reads it."""
    with postgres(programs, "shop") as server:
        server.run(TABLES)
        password = server.password
        yield (
            server.run,
            {**os.environ, "SHOP_PORT": str(server.port), "SHOP_PASSWORD": password, "PGPASSWORD": password},
        )


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # what it started ends by `kill` as by Ctrl-C
    sys.exit(main())
