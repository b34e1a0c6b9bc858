"""Generates the projects that are measured: SQL text files and small Parquet files, the same at every call.

    python generate.py small FOLDER --datasets 500
    python generate.py checked FOLDER --datasets 500     the same with four checks for each dataset
    python generate.py heavy FOLDER
    python generate.py big FOLDER --datasets 10000

`FOLDER/project` is a whole Andon project, `FOLDER/shape.json` says what is in it and which datasets the edits touch. N counts the
datasets below `datasets/`; sources come on top (a tenth of N in `small`), since plain DuckDB loads them as well.

Contents don't depend on the order of rows or on the number of threads: money is decimal, counts are integers, every window
has a total order. No dataset uses the clock, so that a run without a change has nothing to do on any day.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from templates import COPY, KINDS, STAGE, WIDE_KINDS

#: How many layers of datasets there are above the sources.
LAYERS = 8
#: An edit in the middle shall concern this share of all datasets (52 of 500).
MIDDLE_SHARE = 52 / 500
#: Rows of each of the four source files of the heavy project: 20 million in all.
HEAVY_ROWS = 5_000_000


#: Four checks of each dataset of `checked`.
CHECKS = """\
/*---
checks: |
  key id
  not null day, status
  grp 0..7
  sum(quantity) >= 0
---*/
"""
#: The same as counting queries.
COUNTS = (
    "select count(*) from (select id from {name} group by id having count(*) > 1 or id is null)",
    "select count(*) from {name} where day is null or status is null",
    "select count(*) from {name} where not (grp between 0 and 7)",
    "select sum(quantity) from {name}",
)


@dataclass(frozen=True)
class Source:
    """A Parquet file of `rows` rows and the source that reads it."""

    name: str
    rows: int
    seed: int

    @property
    def raw(self) -> str:
        """Path of the Parquet file in the project."""
        return f"raw/{self.name.partition('.')[2]}.parquet"

    @property
    def path(self) -> str:
        """Path of the source's file in the project."""
        return f"sources/{self.name.replace('.', '/')}.sql"

    @property
    def sql(self) -> str:
        """The source's text."""
        return f"select * from read_parquet('{self.raw}')\n"


@dataclass(frozen=True)
class Dataset:
    """A dataset: what it reads and its text."""

    name: str
    inputs: tuple[str, ...]
    sql: str

    @property
    def path(self) -> str:
        """Path of the dataset's file in the project."""
        return f"datasets/{self.name.replace('.', '/')}.sql"


@dataclass(frozen=True)
class Shape:
    """Sources and datasets, in an order in which each stands behind what it reads."""

    sources: tuple[Source, ...]
    datasets: tuple[Dataset, ...]

    def affected(self, name: str) -> list[str]:
        """`name` and all that reads it, directly or not, in order."""
        reached = {name}
        for dataset in self.datasets:
            if reached.intersection(dataset.inputs):
                reached.add(dataset.name)
        return [dataset.name for dataset in self.datasets if dataset.name in reached]

    def leaf(self) -> str:
        """The last dataset, which nobody reads."""
        return self.datasets[-1].name

    def middle(self) -> str:
        """A dataset between the first and the last layer on which about `MIDDLE_SHARE` of all depend."""
        wanted = round(len(self.datasets) * MIDDLE_SHARE)
        between = [d.name for d in self.datasets if d.name.split(".")[0] not in ("layer_1", f"layer_{LAYERS}")]
        return min(between, key=lambda name: abs(len(self.affected(name)) - wanted))


def small(count: int, seed: int = 1) -> Shape:
    """`count` datasets in `LAYERS` layers over count / 10 sources of 1,000 to 10,000 rows, small ones more often."""
    chance = random.Random(seed)
    sources = tuple(
        Source(f"feed.source_{i:03}", round(1_000 * 10 ** chance.random()), seed=chance.randrange(1, 10_000))
        for i in range(max(2, count // 10))
    )
    return Shape(sources, _layers(sources, count, KINDS, chance))


def heavy(rows: int = HEAVY_ROWS, seed: int = 1) -> Shape:
    """Twenty datasets in four layers over four sources of `rows` rows."""
    chance = random.Random(seed)
    sources = tuple(Source(f"feed.source_{i:03}", rows, seed=chance.randrange(1, 10_000)) for i in range(4))
    return Shape(sources, _layers(sources, 20, WIDE_KINDS, chance, layers=4))


def big(count: int, seed: int = 1) -> Shape:
    """`count` trivial datasets over ten sources of 100 rows: for what should not depend on the number of datasets."""
    chance = random.Random(seed)
    sources = tuple(Source(f"feed.source_{i:03}", 100, seed=chance.randrange(1, 10_000)) for i in range(10))
    return Shape(sources, _layers(sources, count, (COPY,), chance))


def _layers(
    sources: Sequence[Source], count: int, kinds: Sequence[str], chance: random.Random, layers: int = LAYERS
) -> tuple[Dataset, ...]:
    """Datasets in layers. Each reads up to three neighbours in the layer below, so that an edit spreads as a cone."""
    made: list[Dataset] = []
    below = [source.name for source in sources]
    for layer in range(1, layers + 1):
        width = count * layer // layers - count * (layer - 1) // layers
        names = [f"layer_{layer}.dataset_{i:04}" for i in range(width)]
        for place, name in enumerate(names):
            kind = STAGE if layer == 1 and COPY not in kinds else chance.choice(kinds)
            made.append(_dataset(name, kind, _near(below, place, width, chance), chance))
        below = names
    return tuple(made)


def _near(below: Sequence[str], place: int, width: int, chance: random.Random) -> tuple[str, str, str]:
    """Three different datasets of the layer below, near the place; fewer only if there are fewer."""
    center = place * len(below) // width
    spread = chance.sample((-2, -1, 0, 1, 2), 3)
    first, second, third = (below[(center + offset) % len(below)] for offset in spread)
    return first, second, third


def _dataset(name: str, kind: str, near: tuple[str, str, str], chance: random.Random) -> Dataset:
    first, second, third = near
    text = kind.format(first=first, second=second, third=third, number=chance.randrange(2, 10))
    used = tuple(dict.fromkeys(n for n in near if n in text))
    return Dataset(name, used, text)


def write(shape: Shape, folder: Path, front: str = "", counts: Sequence[str] = ()) -> None:
    """Write the project and its description into `folder`, in place of what was there. Parquet files that exist stay.

    Args:
        front: text in front of each SQL text.
        counts: queries over `{name}` that plain DuckDB runs on each table.
    """
    import duckdb

    project = folder / "project"
    for part in ("sources", "datasets", ".andon"):
        shutil.rmtree(project / part, ignore_errors=True)
    (folder / "edits").unlink(missing_ok=True)
    (project / "raw").mkdir(parents=True, exist_ok=True)
    (project / "andon.toml").write_text("")
    # The folder may lie in a checkout on any branch; a repository of its own makes the lake's branch `main` everywhere.
    (project / ".git").mkdir(exist_ok=True)
    (project / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    with duckdb.connect() as engine:
        engine.execute("set threads = 1")
        for source in shape.sources:
            _write_raw(engine, source, project)
    for item in (*shape.sources, *shape.datasets):
        path = project / item.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(front + item.sql)
    (folder / "shape.json").write_text(json.dumps({**_description(shape), "counts": list(counts)}, indent=1))


def _write_raw(engine: object, source: Source, project: Path) -> None:
    path = project / source.raw
    mark = project / "raw" / f".{path.stem}.{source.rows}.{source.seed}"
    if path.exists() and mark.exists():
        return
    select = f"""
        select
          i as id,
          (i * 7919 + {source.seed}) % 1000 as key,
          ((i * 31 + {source.seed}) % 8)::integer as grp,
          date '2024-01-01' + ((i * 13 + {source.seed}) % 730)::integer as day,
          (((i * 104729 + {source.seed} * 17) % 100000) / 100)::decimal(18, 2) as amount,
          (i * 17 + {source.seed}) % 100 as quantity,
          ['New', 'paid ', 'sent', ' Back', 'lost'][1 + (i * 3 + {source.seed}) % 5] as status
        from range({source.rows}) t(i)"""
    engine.execute(f"copy ({select}) to '{path}' (format parquet)")  # type: ignore[attr-defined]
    mark.touch()


def _description(shape: Shape) -> dict[str, object]:
    leaf, middle = shape.leaf(), shape.middle() if len(shape.datasets) > LAYERS else shape.leaf()
    paths = {item.name: item.path for item in (*shape.sources, *shape.datasets)}
    return {
        "paths": paths,
        "leaf": {"name": leaf, "affected": shape.affected(leaf)},
        "middle": {"name": middle, "affected": shape.affected(middle)},
    }


def main() -> None:
    """Write the project that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("small", "checked", "heavy", "big"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--datasets", type=int, default=500, metavar="N")
    parser.add_argument("--rows", type=int, default=HEAVY_ROWS, help="rows of each source of `heavy`")
    given = parser.parse_args()
    shapes = {
        "small": lambda: small(given.datasets),
        "checked": lambda: small(given.datasets),
        "heavy": lambda: heavy(given.rows),
        "big": lambda: big(given.datasets),
    }
    front, counts = (CHECKS, COUNTS) if given.kind == "checked" else ("", ())
    write(shapes[given.kind](), given.folder, front, counts)


if __name__ == "__main__":
    main()
