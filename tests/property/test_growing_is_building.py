"""The law of tables that grow: whatever comes, in whatever parts and order, each holds the rows that its query gives of all of them."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kit.clones import Clone

HEAD = "/*---\nmaterialize: incremental\n{head}\n---*/\n"
TIME = "incremental: {by: time, column: ts}"
DAILY = "incremental: {by: time, column: day}"
KEY = "key: c\nincremental: {by: key}"
APPEND = "incremental: {by: append}"

#: Tables that grow, each over others that do: by what, and the query.
GROWING = {
    "m.events": ("incremental: {by: time, column: ts, batch: 2d}", "select id, ts, c, v from shop.events"),
    "m.weeks": (
        "incremental: {by: time, column: ts, grain: week, batch: 1w}\npartition: {column: ts, grain: day}",
        "select * from m.events",
    ),
    "m.turns": (
        "incremental: {by: time, column: ts, grain: week, batch: 1d, start: 2024-05-03}",
        "select id, ts, row_number() over (partition by date_trunc('week', ts) order by ts, id, c, v) as n from m.events",
    ),
    "m.days": (DAILY, "select ts::date as day, count(*) as n, sum(v) as v from m.events group by all"),
    "m.spine": (
        DAILY,
        "select d::date as day, count(e.id) as n from range(date '2024-05-01', date '2024-05-09', interval 1 day) t (d)"
        " left join m.events e on e.ts::date = d::date group by all",
    ),
    "m.told": (TIME, "select e.id, e.ts, k.name from m.events e left join shop.people k on e.c = k.c"),
    "m.per": (KEY, "select c, count(*) as n, sum(v) as v, max(ts) as last from m.events group by c"),
    "m.last": (
        "key: id\nincremental: {by: key}\npartition: c",
        "select * from m.events qualify row_number() over (partition by id order by ts nulls first, v, c nulls first) = 1",
    ),
    "m.all": (
        KEY,
        "select k.c, k.name, count(e.id) as n from shop.people k left join m.events e on e.c = k.c group by all",
    ),
    "m.gone": (
        "key: c\nincremental: {by: key, deleted: gone}",
        "select c, min(v) as v, min(v) = 0 as gone from m.events group by c",
    ),
    "m.rows": (APPEND + "\npartition: [c, id]", "select id, v * 2 as w, c from m.events where v > 0"),
    "m.seen": (APPEND, "select r.id, w, p.name from m.viewed r left join shop.people p using (c)"),
    "m.both": (APPEND, "select id, c from m.rows union all select id, name from m.seen"),
    "m.of": ("key: [c, name]\nincremental: {by: key}", "select c, name, count(*) as n from m.seen2 group by all"),
}
VIEWS = {
    "m.viewed": "select id, w, c from m.rows where id <> 3",
    "m.seen2": "select r.c, p.name from m.viewed r join shop.people p on p.c = r.c",
}

days = st.none() | st.integers(1, 8).map(lambda d: f"2024-05-0{d} 0{d}:30:00")
rows = st.lists(
    st.tuples(st.integers(1, 6), days, st.sampled_from(["a", "b", "c", "d"]), st.integers(0, 3)), min_size=1, max_size=4
)
steps = st.lists(
    st.tuples(st.just("write"), st.integers(1, 3), rows)
    | st.tuples(st.just("edit"), st.integers(1, 3), rows)
    | st.tuples(st.just("remove"), st.integers(1, 3), st.just([]))
    | st.tuples(st.just("people"), st.integers(0, 2), st.just([]))
    | st.tuples(st.just("undo"), st.just(0), st.just([])),
    min_size=2,
    max_size=4,
)


def query(name: str) -> str:
    """What a table must hold, asked of what it reads."""
    head, sql = GROWING[name]
    if "start" in head:
        return f"from ({sql}) where ts >= '2024-05-03'"
    return f"from ({sql}) where not coalesce(gone, false)" if "deleted" in head else sql


def write_events(project: Clone, number: int, of: list) -> None:
    lines = [f"{id},{ts or ''},{c},{v}" for id, ts, c, v in of]
    project.write(f"raw/e_{number}.csv", "\n".join(["id,ts,c,v", *lines, ""]))


def write_people(project: Clone, number: int) -> None:
    project.write("raw/people.csv", "c,name\n" + "".join(f"{c},{c * (number + 1)}\n" for c in "abc"[: 2 + number % 2]))


def made(root: Path) -> Clone:
    project = Clone(root)
    project.write("andon.toml", "")
    write_events(project, 0, [(1, "2024-05-01 10:00:00", "a", 1), (2, "2024-05-02 10:00:00", "b", 2)])
    write_people(project, 0)
    kinds = "columns = {'id': 'BIGINT', 'ts': 'TIMESTAMP', 'c': 'VARCHAR', 'v': 'BIGINT'}"
    project.write("sources/shop/events.sql", f"select * from read_csv('raw/e_*.csv', header = true, {kinds})\n")
    project.write("sources/shop/people.sql", "select * from read_csv('raw/people.csv', header = true)\n")
    for name, (head, sql) in GROWING.items():
        project.write(f"datasets/{name.replace('.', '/')}.sql", HEAD.format(head=head) + sql + "\n")
    for name, sql in VIEWS.items():
        project.write(f"datasets/{name.replace('.', '/')}.sql", f"/*---\nmaterialize: view\n---*/\n{sql}\n")
    return project


def states(project: Clone) -> dict[str, str]:
    return {name: leaf.version for name, leaf in project.leaves().items()}


@settings(
    max_examples=int(os.environ.get("ANDON_GROWING", "3")),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(steps)
def test_a_table_that_grows_holds_what_a_full_build_would(taken):
    root = Path(tempfile.mkdtemp())
    try:
        project = made(root / "acme")
        assert project.run().published
        past = [states(project)]
        for what, number, of in taken:
            if what in ("write", "edit"):
                write_events(project, number, of)
            if what == "edit":  # of no row; what is new is made alone all the same
                head, sql = GROWING["m.events"]
                text = HEAD.format(head=head.replace("batch: 2d", f"batch: {number}d")) + f"-- {number}\n{sql}\n"
                project.write("datasets/m/events.sql", text)
            if what == "remove":
                (project.root / f"raw/e_{number}.csv").unlink(missing_ok=True)
            elif what == "people":
                write_people(project, number)
            elif what == "undo" and len(past) > 1:
                project.undo()
                past.pop()
                assert states(project) == past[-1]
                continue
            result = project.run()
            assert not [t for t in result.tasks if t.error], [t for t in result.tasks if t.error]
            grown = [
                t for t in result.tasks if t.action == "build" and "append" not in GROWING.get(t.dataset, ["append"])[0]
            ]
            assert what == "people" or all(t.reason.startswith("incremental: ") for t in grown)
            if states(project) != past[-1]:
                past.append(states(project))
            require_whole(project)
    finally:
        shutil.rmtree(root)


def require_whole(project: Clone) -> None:
    """Every table holds just what its query gives."""
    with project.opened() as service:
        for name in GROWING:
            compared = " union all ".join(
                f"select {side} as side, count(*) as n from (from ({one}) except all from ({other}))"
                for side, one, other in (
                    ("'missing'", query(name), f"from {name}"),
                    ("'too many'", f"from {name}", query(name)),
                )
            )
            found = dict(service.querying.ask(compared).fetch())
            assert found == {"missing": 0, "too many": 0}, name
