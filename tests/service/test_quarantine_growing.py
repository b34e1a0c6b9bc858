"""Rows set aside of what goes on from what it holds: tables that grow, loads of databases. Beside each stands the same without a check.

The law: at every commit what is published and what is set aside are, as often as it is there, what the table would be if nothing were set
aside; no row is in both; each that is set aside names every check that it fails, and the run that set the same row aside first.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.names import literal
from andon.runs.goal import ANY_PLAN, RunOptions
from kit.clones import Clone
from kit.empty_engine import database, empty_engine

#: Lines, and in plain SQL which rows fail them.
LINES = {
    "v >= 0": "v < 0",
    "not null note": "note is null",
    "note in a, b where id < 3": "id < 3 and note is not null and note not in ('a', 'b')",
    "v::int < 100 where note = 'b'": "note = 'b' and coalesce(try(v::int >= 100), v is not null)",
}
COLUMNS = "id::varchar, ts::varchar, v::varchar, note"
TABLES = {
    "by_key": (
        "key: id\nmaterialize: incremental\nincremental: {by: key}",
        "select id, max(ts) as ts, sum(v) as v, min(note) as note from a.rows group by id",
    ),
    "by_time": (
        "materialize: incremental\nincremental: {by: time, column: ts}",
        "select id, ts, v, note from a.rows",
    ),
    "appended": ("materialize: incremental\nincremental: {by: append}", "select id, ts, v, note from a.rows"),
}
SOURCES = {
    "upserted": "connection: shop\nkey: id\nload: {by: cursor, column: ts, lookback: 12h}",
    "compared": "connection: shop\nkey: id\nload: {by: cursor, column: ts, lookback: 12h, compare: 1h}",
    "added": "connection: shop\nload: {by: cursor, column: ts, lookback: 12h}",
    "whole": "connection: shop",
}
FILES = {"kept": "load: append", "put": "key: id\nload: merge"}
NAMES = [*TABLES, *SOURCES, *FILES]
STEPS = ["change", "change", "lines", "release", "release", "undo"]
TAIL = " quarantine 100%"
START = datetime(2026, 3, 1)  # noqa: DTZ001 - as a database without zones has it


def row(number: int, hour: int, v: float | None, note: str | None) -> tuple:
    return number, START + timedelta(hours=hour), v, note


ROWS = st.lists(
    st.builds(
        row,
        st.integers(0, 5),
        st.integers(0, 72),
        st.one_of(st.none(), st.sampled_from([-1.0, 0.0, 5.0, 100.0, 1e300])),
        st.one_of(st.none(), st.sampled_from(["a", "b", "it's"])),
    ),
    max_size=6,
)


class Shop:
    """A project with each table twice: in `q` with checks that set rows aside, in `p` without them."""

    def __init__(self, root) -> None:
        self.clone = Clone(root / "acme", clock=self._now)
        self.at = datetime(2026, 4, 1, tzinfo=UTC)
        self.place = root / "shop.duckdb"
        self.files = 0
        self.lines: list[str] = []
        self.released: set[tuple[str, str, tuple]] = set()
        self.clone.write("andon.toml", f'[connections.shop]\nkind = "duckdb"\npath = "{self.place}"\n')
        self.tell("create table orders (id bigint, ts timestamp, v double, note varchar)")
        self.clone.write("sources/a/rows.sql", "select * from 'raw/e_*.parquet'\n")
        self.service = self.clone.open()

    def _now(self) -> datetime:
        self.at += timedelta(hours=1)
        return self.at

    def tell(self, sql: str, rows: list[tuple] | None = None) -> None:
        with database(self.place) as connection:
            if rows is None:
                connection.execute(sql)
            elif rows:
                connection.executemany(sql, rows)

    def file(self, rows: list[tuple], number: int | None = None) -> None:
        if number is None:
            self.files += 1
        (self.clone.root / "raw").mkdir(exist_ok=True)
        with empty_engine() as connection:
            connection.execute("create table e (id bigint, ts timestamp, v double, note varchar)")
            if rows:
                connection.executemany("insert into e values (?, ?, ?, ?)", rows)
            connection.execute(
                f"copy e to '{self.clone.root}/raw/e_{number or self.files:03}.parquet' (format parquet)"
            )

    def check(self, lines: list[str]) -> None:
        """Write the files of all tables, with these lines."""
        self.lines = lines
        checks = "checks: |\n" + "".join(f"  {line} quarantine 100%\n" for line in lines) if lines else ""
        for schema, more in (("p", ""), ("q", checks)):
            for name, (front, sql) in TABLES.items():
                self.clone.write(f"datasets/{schema}/{name}.sql", f"/*---\n{front}\n{more}---*/\n{sql}\n")
            for name, front in SOURCES.items():
                text = f"/*---\n{front}\n{more}---*/\nselect id, ts, v, note from orders\n"
                self.clone.write(f"sources/{schema}/{name}.sql", text)
            for name, front in FILES.items():
                text = f"/*---\n{front}\n{more}---*/\nselect id, ts, v, note from 'raw/e_*.parquet'\n"
                self.clone.write(f"sources/{schema}/{name}.sql", text)

    def rows(self, schema: str, columns: str, suffix: str = "") -> dict[str, Counter]:
        """The rows of all tables, each as often as it is there."""
        tables = [f"select '{name}', {columns} from {schema}.{name}{suffix}" for name in NAMES]
        found: dict[str, Counter] = {name: Counter() for name in NAMES}
        for name, *values in self.service.querying.ask("\nunion all ".join(tables)).fetch():
            found[name][tuple(tuple(each) if isinstance(each, list) else each for each in values)] += 1
        return found

    def aside(self) -> dict[str, Counter]:
        """What is set aside: rows with the checks that they fail and their first run, by table."""
        if not self.lines:
            return {name: Counter() for name in NAMES}
        return self.rows("q", f"{COLUMNS}, quarantine_checks, quarantine_first_run", "__quarantine")

    def hold_to_the_law(self, before: dict[str, Counter], run: int | None) -> dict[str, Counter]:
        """Whether the law holds; returns what is set aside."""
        fails = [f"case when {LINES[line]} then [{literal(line)}] else [] end" for line in self.lines]
        wanted = self.rows("p", f"{COLUMNS}, ({' || '.join(fails) or '[]'})::varchar[]")
        after, good = self.aside(), self.rows("q", COLUMNS)
        for name in NAMES:
            known = {key[:-2]: key[-1] for key in before.get(name, ())}
            parted = Counter(good[name])
            for (*values, checks, since), count in after[name].items():
                each = tuple(values)
                parted[each] += count
                lines = tuple(check.removesuffix(TAIL) for check in checks)
                assert (*each, lines) in wanted[name], (name, each, lines)
                assert not all((name, line, each) in self.released for line in lines), (name, each)
                assert run is None or since == known.get(each, run), (name, each)
            assert parted == Counter({key[:-1]: n for key, n in wanted[name].items()}), name
            for *values, lines in wanted[name]:
                if tuple(values) in good[name]:
                    assert all((name, line, tuple(values)) in self.released for line in lines), (name, values)
        return after


def change(shop: Shop, data: st.DataObject) -> None:
    """Something that comes: new files and rows, others in their place."""
    rows = data.draw(ROWS)
    if shop.files and data.draw(st.booleans()):
        shop.file(rows, data.draw(st.integers(1, shop.files)))
    else:
        shop.file(rows)
    for number in data.draw(st.sets(st.integers(0, 5), max_size=2)):
        shop.tell(f"delete from orders where id = {number}")
    latest = 72 * (shop.files + 1)
    keyed = {each[0]: each for each in data.draw(ROWS)}
    for number in keyed:
        shop.tell(f"delete from orders where id = {number}")
    moved = [(i, ts + timedelta(hours=latest), v, note) for i, ts, v, note in keyed.values()]
    shop.tell("insert into orders values (?, ?, ?, ?)", moved)


def release(shop: Shop, data: st.DataObject, aside: dict[str, Counter]) -> int | None:
    """Rows of a table are put back."""
    names = sorted(name for name, rows in aside.items() if rows)
    if not names:
        return None
    name = data.draw(st.sampled_from(names))
    number = data.draw(st.sampled_from(sorted({key[0] for key in aside[name]})))
    run = shop.service.quarantine.release(f"q.{name}", "as agreed", where=f"id = {number}")
    assert run.published, run.held
    for *values, checks, _ in aside[name]:
        if values[0] == number:
            shop.released |= {(name, check.removesuffix(TAIL), tuple(values)) for check in checks}
    return run.run


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.data())
def test_what_goes_on_is_parted_as_if_it_were_made_whole(tmp_path_factory, data):
    shop = Shop(tmp_path_factory.mktemp("law"))
    lines = st.lists(st.sampled_from(sorted(LINES)), min_size=1, max_size=3, unique=True)
    shop.check(data.draw(lines))
    change(shop, data)
    aside: dict[str, Counter] = {}
    past: list[tuple] = []
    for step in ["run", *data.draw(st.lists(st.sampled_from(STEPS), min_size=5, max_size=5))]:
        run: int | None = None
        if step == "change":
            change(shop, data)
        before = (shop.lines, set(shop.released))
        if step == "lines":
            shop.check(data.draw(st.one_of(lines, st.just([]))))
        if step in ("run", "change", "lines"):
            runs = shop.service.runs
            made = runs.refresh(RunOptions()) if step == "change" else runs.run(RunOptions(agreed=ANY_PLAN))
            assert made.published or made.run is None, (made.held, [t.error for t in made.tasks if t.error])
            run = made.run
            past = [before] if run is not None and step != "run" else []
        elif step == "release":
            past = [(shop.lines, set(shop.released))]
            run = release(shop, data, aside)
        elif step == "undo" and past:
            lines_now, released = shop.lines, shop.released
            shop.service.undoing.undo()
            shop.lines, shop.released = past.pop()
            shop.hold_to_the_law({}, None)
            shop.service.undoing.redo()
            shop.lines, shop.released = lines_now, released
            shop.hold_to_the_law(aside, None)
            continue
        aside = shop.hold_to_the_law(aside, run)


FUNCTION = """\
from andon import source

LOADS = [[(1, 10), (2, -5)], [(2, 7), (3, -1)], [(3, -1), (1, -2)]]


@source(load="merge", key="id", checks="v >= 0 quarantine 100%")
def rows(state):
    number = state.get("number", 0)
    for id, v in LOADS[number]:
        yield {"id": id, "v": v}
    state["number"] = number + 1
"""


def test_a_function_that_merges_takes_the_place_of_rows_wherever_they_are(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.fill({"andon.toml": "", "sources/a/rows.py": FUNCTION})

    def stands() -> tuple[list[tuple], list[tuple]]:
        aside = clone.ask("select id, v, quarantine_first_run from a.rows__quarantine order by id")
        return clone.ask("from a.rows order by id"), aside

    clone.run()
    assert stands() == ([(1, 10)], [(2, -5, 1)])
    clone.refresh()
    assert stands() == ([(1, 10), (2, 7)], [(3, -1, 2)])
    clone.refresh()
    assert stands() == ([(2, 7)], [(1, -2, 3), (3, -1, 2)])  # what came again is no new one
    with clone.opened() as service:  # the function is not asked: it has nothing more to hand out, and would fail
        assert service.quarantine.release("a.rows", "as agreed", where="id = 3").published
    assert stands() == ([(2, 7), (3, -1)], [(1, -2, 3)])
    clone.undo()
    assert stands() == ([(2, 7)], [(1, -2, 3), (3, -1, 2)])
