"""Setting up: a new project, a copy of the sample project."""

from __future__ import annotations

import shutil
from pathlib import Path

from andon.base.files import write_whole
from andon.errors import UsageError

_FILES = {
    "andon.toml": """\
# Every setting has a default; `andon config show` lists them with their values.
""",
    ".gitignore": ".andon/\n",
    "raw/orders.csv": """\
order_id,customer,ordered_at,amount
1,ada,2026-01-03,12.50
2,ben,2026-01-07,8.00
3,ada,2026-02-11,21.75
4,cleo,2026-02-19,5.25
5,ben,2026-03-02,14.00
""",
    "sources/shop/orders.sql": """\
/*---
description: Orders as the shop exports them, a line per order.
key: order_id
checks: |
  not null customer, ordered_at
  amount > 0
---*/
select order_id, customer, ordered_at, cast(amount as decimal(10, 2)) as amount
from read_csv('raw/orders*.csv')
""",
    "datasets/marts/revenue_by_month.sql": """\
/*---
description: Revenue and number of orders by month.
key: month
checks: |
  reconciles: sum(revenue) = sum(shop.orders.amount)
---*/
select
  cast(date_trunc('month', ordered_at) as date) as month,
  sum(amount) as revenue,
  count(*) as orders
from shop.orders
group by all
order by month
""",
}


def init(folder: Path) -> list[str]:
    """Make a small runnable project in `folder`; returns the files that were made.

    Raises:
        UsageError: `usage.exists` if there is a project already, or a file would be overwritten.
    """
    if (folder / "andon.toml").exists():
        raise UsageError("usage.exists", "there is a project here already", where=str(folder), hint="`andon run`")
    taken = [name for name in _FILES if (folder / name).exists() and name != ".gitignore"]
    if taken:
        raise UsageError(
            "usage.exists",
            f"`{taken[0]}` is there already",
            where=str(folder / taken[0]),
            hint="choose an empty folder",
        )
    made = []
    for name, text in _FILES.items():
        path = folder / name
        if name == ".gitignore" and path.exists():
            old = path.read_text(encoding="utf-8")
            if ".andon/" not in old.splitlines():
                write_whole(path, (old.rstrip("\n") + "\n" + text).encode())
            continue
        write_whole(path, text.encode())
        made.append(name)
    return made


def example_folder() -> Path:
    """Where the sample project lies: in the installed package, or in the repository.

    Raises:
        UsageError: `machine.missing` if it is in neither.
    """
    packaged = Path(__file__).parents[1] / "examples" / "cdnow"
    source = Path(__file__).parents[3] / "examples" / "cdnow"
    for place in (packaged, source):
        if (place / "andon.toml").exists():
            return place
    raise UsageError("machine.missing", "the sample project is not installed", hint="reinstall Andon")


def copy_example(target: Path) -> Path:
    """Copy the sample project to `target`, which must not exist or be empty.

    Raises:
        UsageError: `usage.exists`.
    """
    if target.exists() and any(target.iterdir()):
        raise UsageError(
            "usage.exists",
            f"`{target}` is not empty",
            where=str(target),
            hint="name another folder: `andon demo FOLDER`",
        )
    shutil.copytree(
        example_folder(), target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".andon", "__pycache__")
    )
    return target
