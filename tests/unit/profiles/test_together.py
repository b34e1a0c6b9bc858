"""Columns of one type are profiled together; what is said of each is what is said of it alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from andon.base.record import replace
from andon.engines.duckdb.instance import Instance
from andon.model.profile import Profile
from andon.model.version import Column, Version
from andon.profiles import make
from kit.profiles import Profiler

#: By type: the values of each of several columns, the shorter ones filled up with NULL.
VALUES = {
    "integer": ["1, 2, 2, -3", "", "7", "2147483647, -2147483648, 0", "5, 5, 5"],
    "bigint": ["9223372036854775807, -9223372036854775807, 0", "9007199254740993, 9007199254740995", "0"],
    "hugeint": ["'170141183460469231731687303715884105727', '1', '2'", "'-5', '5', '6'", "'99999999999999999999999999999999999999', '7'"],
    "uhugeint": ["'340282366920938463463374607431768211455', '1', '2', '3', '4', '5', '6', '7', '8'", "'3', '4', '5'", ""],
    "decimal(9,2)": ["0.01, 0.02", "1.5, -1.5, 1.5, 100", "", "9999999.99, -9999999.99"],
    "decimal(18,0)": ["999999999999999999, -999999999999999999, 1", "1, 2"],
    "decimal(38,2)": ["999999999999999999999999999999999999.99, -999999999999999999999999999999999999.99", "1.01, 1.02"],
    "double": ["'nan', 'nan', 'inf', '-inf', '1.5', '-0.0', '0.0'", "'1e308', '-1e308', '0'", "'1e-320', '2e-320'", "'nan'", ""],
    "float": ["'0.1', '0.2', '0.3'", "'inf', '1'", "'3.4e38', '-3.4e38'"],
    "varchar": ["'', 'b', 'b', 'ä'", "", "repeat('x', 5000), repeat('x', 5000), 'y'", "'1', '2'"],
    "boolean": ["true, true, false", "", "false"],
    "date": ["'2026-01-01', '2026-01-31', 'infinity'", "'infinity'", "'0044-03-15 (BC)', '2026-01-01'", "'2026-05-05'", ""],
    "timestamp": ["'2026-01-01 12:00:00', '2026-01-01 12:00:00.000001'", "'1700-01-01', '9999-12-31', '2000-01-01'", ""],
    "timestamptz": ["'2026-01-01 12:00:00+02', '2026-01-02 12:00:00+00'", "'-infinity', '2026-01-01 00:00:00+00'"],
    "time": ["'10:00:00', '11:00:00', '11:00:00'", ""],
    "uuid": ["'00000000-0000-0000-0000-000000000001'", ""],
    "blob": ["'abc', '', 'abc'", ""],
    "integer[]": ["[1], [1], [], [null]", "", "[2, 3]"],
    "struct(a integer, b varchar)": ["{'a': 1, 'b': 'x'}, {'a': 1, 'b': 'x'}", ""],
    "map(varchar, integer)": ["map {'a': 1}, map {}", ""],
}  # fmt: skip


@pytest.fixture(scope="module")
def profiler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profiler]:
    found = Profiler(tmp_path_factory.mktemp("together"))
    yield found
    found.close()


def _columns() -> list[str]:
    """SQL of lists of equal length: two of the first values are repeated often, so that there are most frequent ones."""
    found = []
    for kind, columns in VALUES.items():
        for values in columns:
            # many different ones where the type has them, so that not all are kept
            many = (
                f"list_transform(range(60), lambda i: i::{kind})" if kind in ("integer", "double", "bigint") else "[]"
            )
            whole = f"list_concat([{values}]::{kind}[], {many}::{kind}[])" if values else f"[]::{kind}[]"
            found.append(f"list_resize({whole}, 80)")
    return found


def _said(profile: Profile) -> list[object]:
    return [replace(column, name="x") for column in profile.columns]


@pytest.mark.parametrize("masked", [False, True])
def test_together_as_alone(monkeypatch: pytest.MonkeyPatch, masked: bool) -> None:
    lists = _columns()
    names = [f"c{i}" for i in range(len(lists))]
    with closing(Instance(threads=1)) as instance:
        connection = instance.session().connection  # types that no file of the lake has are those of views
        listed = ", ".join(f"unnest({values}) as {name}" for name, values in zip(names, lists, strict=True))
        connection.execute(f"create temp table looked_at as select {listed}")
        described = connection.execute("describe looked_at").fetchall()
        columns = tuple(Column(row[0], row[1], i) for i, row in enumerate(described))
        view = Version("v", "marts.v", columns, is_view=True)
        together = _said(make.profile_view(connection, view, "looked_at", names if masked else ()))
        monkeypatch.setattr(make, "_CELLS", 1)
        monkeypatch.setattr(make, "_SHORT", 0)
        alone = _said(make.profile_view(connection, view, "looked_at", names if masked else ()))
        assert len(together) == len(lists)
        for one, other in zip(together, alone, strict=True):
            assert one == other
        connection.execute("delete from looked_at")
        empty = _said(make.profile_view(connection, view, "looked_at", names if masked else ()))
        monkeypatch.undo()
        assert _said(make.profile_view(connection, view, "looked_at", names if masked else ())) == empty


def test_many_columns_keep_their_order(profiler: Profiler) -> None:
    kinds = ["i", "i::varchar", "i::double", "date '2026-01-01' + i::integer"]
    listed = ", ".join(f"{kinds[n % 4]} as c{n}" for n in range(150))
    found = profiler(f"select {listed} from range(30) t(i)", masked=["C2", "c147"])
    assert [column.name for column in found.columns] == [f"c{n}" for n in range(150)]
    assert [n for n, column in enumerate(found.columns) if column.masked] == [2, 147]
    assert [found.columns[n].maximum for n in (0, 6, 149)] == [29, 29.0, "9"]
