"""Setting up: a new project, a copy of the sample project, and what is installed, missing or at risk."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from andon.base.document import Document
from andon.base.files import tree_size, write_whole
from andon.base.text import plural, size
from andon.errors import AndonError, UsageError
from andon.version import __version__
from andon.workspace.git import git_info

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

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


class Finding(Document):
    """One line of `doctor`: `level` is `ok`, `note` or `risk`."""

    level: str
    what: str
    detail: str
    hint: str | None = None


def doctor(workspace: Workspace | None) -> list[Finding]:
    """What is installed, missing and at risk; with a workspace also its lake, and what it uses on disk."""
    findings = [
        Finding("ok", "andon", __version__),
        Finding("ok", "python", f"{sys.version.split()[0]} at {sys.executable}"),
        *(_package(name, hint) for name, hint in _PACKAGES),
    ]
    if workspace is not None:
        findings += _lake(workspace)
    return findings


_PACKAGES = (
    ("duckdb", None),
    ("pyarrow", None),
    ("uv", None),
    ("fastavro", None),
    ("pandas", "pip install 'andon[frames]' for `.df()`"),
    ("polars", "pip install 'andon[frames]' for `.pl()`"),
    ("duckdb-extension-iceberg", "pip install 'andon[iceberg]' lets DuckDB read Iceberg"),
)


def _package(name: str, hint: str | None) -> Finding:
    try:
        return Finding("ok", name, version(name))
    except PackageNotFoundError:
        if hint is None:
            return Finding("risk", name, "not installed", "reinstall Andon: `pip install --force-reinstall andon`")
        return Finding("note", name, "not installed", hint)


def _lake(workspace: Workspace) -> list[Finding]:
    try:
        return _whole_lake(workspace)
    except AndonError as error:
        return [Finding("risk", "catalog", error.message, _own_hint(error))]


def _own_hint(error: AndonError) -> str | None:
    """The hint of an error as the doctor gives it: who asks the doctor is not sent to the doctor."""
    if error.hint is None or "andon doctor" not in error.hint:
        return error.hint
    if error.retryable:
        return "free some space and run it again"
    return "restore it from a backup"


def _whole_lake(workspace: Workspace) -> list[Finding]:
    lake = workspace.lake
    findings = [Finding("ok", "project", str(workspace.root))]
    rows = lake.database.query("pragma integrity_check") if _is_sqlite(workspace) else [("ok",)]
    healthy = rows[0][0] == "ok"
    findings.append(
        Finding(
            "ok" if healthy else "risk",
            "catalog",
            "whole" if healthy else str(rows[0][0]),
            None if healthy else "restore it from a backup",
        )
    )
    findings += _files(workspace)
    root = Path(lake.storage.engine_path(".")).resolve()
    for what, place in (("data", root / "data"), ("raw copies", root / "raw"), ("iceberg metadata", root / "iceberg")):
        count, total = tree_size(place)
        findings.append(Finding("ok", f"disk: {what}", f"{size(total)} in {plural(count, 'file')}"))
    free = shutil.disk_usage(workspace.root).free
    findings.append(
        Finding(
            "risk" if free < 1_000_000_000 else "ok",
            "disk: free",
            size(free),
            "free some space" if free < 1_000_000_000 else None,
        )
    )
    if git_info(workspace.root) is not None and root.is_relative_to(workspace.root):
        findings.append(
            Finding(
                "note",
                "lake in the git folder",
                "`git clean -fdx` spares it; `git clean -ffdx` (twice f) removes it",
                "set `storage` and `catalog` in andon.toml to a place outside for anything you can't load again",
            )
        )
    return findings


def _is_sqlite(workspace: Workspace) -> bool:
    return type(workspace.lake.database).__name__ == "SqliteDatabase"


def _files(workspace: Workspace) -> list[Finding]:
    """Whether every file of main's head is there with its size."""
    lake = workspace.lake
    state = lake.commits.state(lake.refs.resolve("main"))
    versions = lake.objects.versions(leaf.version for leaf in state.leaves.values())
    files = [f for v in versions.values() for f in v.files]
    lost = [f for f in files if not lake.storage.exists(f.path)]
    if lost:
        return [
            Finding(
                "risk",
                "data files",
                f"{len(lost)} of {len(files)} files of main are missing, for example {lost[0].path}",
                "restore them from a backup, or `andon run --force` builds them again",
            )
        ]
    return [Finding("ok", "data files", f"{plural(len(files), 'file')} of main, all there")]
