"""The law of partitions: a table that parts its rows holds just those that it would without, each file those of one partition."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from andon.base.names import literal
from kit.clones import Clone
from kit.empty_engine import empty_engine

#: Columns by their types, and SQL of the values that they may have.
KINDS = {
    "flag": ("boolean", ["true", "false"]),
    "tiny": ("tinyint", ["-1", "0", "7"]),
    "whole": ("bigint", ["-9223372036854775808", "0", "10", "9"]),
    "price": ("decimal(18, 3)", ["0.001", "-12.5", "12.50"]),
    "word": (
        "varchar",
        ["''", "'it''s'", "'a/b=c'", "'Ünï\U0001f600'", "'null'", "repeat('x', 300)", "repeat('x', 301)"],
    ),
    "day": ("date", ["'2024-02-29'", "'2023-12-31'", "'0001-01-01 (BC)'"]),
    "moment": ("timestamp", ["'2024-02-29 23:59:59.999999'", "'2024-03-01'", "'1969-12-31 23:59:59'"]),
    "seen": ("timestamptz", ["'2024-03-01 00:30:00+02'", "'2024-03-01 00:30:00+00'"]),
    "hour": ("time", ["'00:00:00'", "'23:59:59.5'"]),
    "code": ("uuid", ["'00000000-0000-0000-0000-000000000001'", "'ffffffff-0000-0000-0000-000000000001'"]),
}
GRAINS = {"day": "month", "moment": "hour", "seen": "day"}

value = st.tuples(*(st.sampled_from(["null", *values]) for _, values in KINDS.values()))
rows = st.lists(value, max_size=12)


def write(project: Clone, of: list) -> None:
    """The raw file: rows with a number each."""
    import duckdb

    (project.root / "raw").mkdir(parents=True, exist_ok=True)
    names = ", ".join(KINDS)
    kinds = ", ".join(f"{name}::{kind} as {name}" for name, (kind, _) in KINDS.items())
    listed = ", ".join(f"({number}, {', '.join(row)})" for number, row in enumerate(of))
    source = (
        f"(values {listed}) t (n, {names})"
        if of
        else f"(select 0 as n, {', '.join(f'null as {k}' for k in KINDS)} limit 0)"
    )
    path = project.root / "raw/rows.parquet"
    path.unlink(missing_ok=True)
    duckdb.sql(f"copy (select n, {kinds} from {source}) to {literal(str(path))} (format parquet)")


@settings(
    max_examples=int(os.environ.get("ANDON_PARTING", "3")),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(rows, rows)
def test_a_table_with_partitions_is_the_table_without(first, second):
    root = Path(tempfile.mkdtemp())
    try:
        project = Clone(root / "acme")
        heads = {f"by_{name}": name for name in KINDS}
        heads |= {f"per_{name}": f"{{column: {name}, grain: {grain}}}" for name, grain in GRAINS.items()}
        heads |= {"by_two": "[word, {column: moment, grain: year}]", "plain": ""}
        project.write("andon.toml", "")
        project.write("sources/s/rows.sql", "from read_parquet('raw/rows.parquet')\n")
        for name, head in heads.items():
            front = f"/*---\npartition: {head}\n---*/\n" if head else ""
            project.write(f"datasets/m/{name}.sql", f"{front}select * from s.rows\n")
        write(project, first)
        assert project.run().published
        require_same(project, "main", heads)
        before = project.leaves()
        project.branch("dev")
        write(project, second)
        result = project.run(branch="dev")
        assert not [t for t in result.tasks if t.error]
        require_same(project, "dev", heads)
        assert project.leaves() == before
        project.publish("dev")
        require_same(project, "main", heads)
        if project.leaves() != before:
            project.undo()
            assert {d: leaf.version for d, leaf in project.leaves().items()} == {
                d: leaf.version for d, leaf in before.items()
            }
    finally:
        shutil.rmtree(root)


def require_same(project: Clone, ref: str, heads: dict[str, str]) -> None:
    """Every parted table holds the rows of the one that is not, and each of its files one partition, in the order of the rows."""
    with project.opened() as service:
        leaves = project.leaves(ref)
        versions = service.workspace.lake.objects.versions([leaf.version for leaf in leaves.values()])
        for name in heads:
            version = versions[leaves[f"m.{name}"].version]
            compared = (
                f"select (select count(*) from (from m.plain except all from m.{name})), (select count(*) from m.plain)"
            )
            assert service.querying.ask(compared, ref).fetch() == [(0, version.rows)], name
            if heads[name] and version.rows:
                parts = [file.partition for file in version.files]
                assert len(set(parts)) == len(parts), name
                assert all(parts) or len(parts) == 1, name
            for file in version.files:
                place = literal(service.workspace.lake.storage.engine_path(file.path))
                with empty_engine() as connection:
                    rows = [n for (n,) in connection.execute(f"select n from read_parquet({place})").fetchall()]
                assert rows == sorted(rows), name
                by = name.partition("_")[2]
                # a version with the bytes of another dataset's is that, with what is known of it
                label = f"{by} by {GRAINS[by]}" if name.startswith("per_") else by
                if by in KINDS and rows and [each for each, _ in file.partition] == [label]:
                    told = f"date_trunc('{GRAINS[by]}', {by})" if name.startswith("per_") else by
                    with empty_engine() as connection:
                        connection.execute("set timezone = 'UTC'")
                        held = connection.execute(f"select distinct ({told})::varchar from read_parquet({place})")
                        assert held.fetchall() == [tuple(value for _, value in file.partition)], name
