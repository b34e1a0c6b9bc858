"""Plain DuckDB doing the same: CREATE TABLE AS in topological order, in one process, into a database file.

    python plain.py build FOLDER DATABASE            everything
    python plain.py build FOLDER DATABASE NAME …     only these, in a database that has the rest
    python plain.py facts FOLDER DATABASE            rows and content hash of every table, as JSON

`FOLDER` is what `generate.py` wrote. DuckDB's settings are its defaults.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

#: Rows, two order-independent sums over row hashes, and the columns with their types.
FACTS = "count(*), bit_xor(hash(t))::varchar, sum((hash(t) >> 32)::bigint)::varchar, coalesce(any_value(typeof(t)), 'empty')"


def facts_query(names: Iterable[str]) -> str:
    """One query for the facts of several tables: a row each, with the name in front."""
    return "\nunion all\n".join(f"select '{name}' as name, {FACTS} from {name} t" for name in names)


def build(folder: Path, database: Path, only: list[str]) -> None:
    """Create the tables, and count what the project's checks are about; those of `only` take the place of what is there."""
    import duckdb

    shape = json.loads((folder / "shape.json").read_text())
    paths: dict[str, str] = shape["paths"]
    os.chdir(folder / "project")
    with duckdb.connect(str(database)) as engine:
        for schema in dict.fromkeys(name.partition(".")[0] for name in paths):
            engine.execute(f"create schema if not exists {schema}")
        for name in only or paths:
            text = Path(paths[name]).read_text()
            engine.execute(f"create or replace table {name} as {text}")
            for count in shape.get("counts", ()):
                engine.execute(count.format(name=name)).fetchall()


def facts(folder: Path, database: Path) -> dict[str, list[Any]]:
    """Rows, hashes and types of every table."""
    import duckdb

    names = list(json.loads((folder / "shape.json").read_text())["paths"])
    found: dict[str, list[Any]] = {}
    with duckdb.connect(str(database), read_only=True) as engine:
        for start in range(0, len(names), 25):
            for name, *rest in engine.execute(facts_query(names[start : start + 25])).fetchall():
                found[name] = rest
    return found


if __name__ == "__main__":
    verb, folder, database = sys.argv[1], Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()
    if verb == "build":
        build(folder, database, sys.argv[4:])
    else:
        json.dump(facts(folder, database), sys.stdout)
