"""Lakes as they were left by an earlier release: what is in one, how it is made, and what of it must be read for ever.

A sample is an archive of a project's folder, with its lake, and beside it what was read of it then. `python tests/samples/make.py` makes
one of the release that it runs in; an old one is never made again.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from kit.clones import Clone

#: Folders of a sample beside its lake: of backups, and of a stage.
KEPT, PACKED = "kept", "packed"
SAMPLES = Path(__file__).parents[1] / "samples"
#: What of `.andon/` is made anew where it is needed.
_DISPOSABLE = {(".andon", name) for name in ("cache.db", "environments", "tmp")}
_GROWING = "/*---\nmaterialize: incremental\n{}\n---*/\n{}\n"
_FILES = {
    "andon.toml": '[people]\nana = "owner"\nben = "editor"\n',
    "macros/money.sql": "create macro euros(cents) as (cents / 100)::decimal(12, 2);\n",
    "modules/rates.py": "RATE = 1.25\n",
    "raw/kinds.json": '[{"kind": "a", "tags": ["x", "é"]}, {"kind": "b", "tags": []}]\n',
    "sources/shop/orders.sql": (
        "/*---\nkey: id\ncolumns:\n  id: Number of the order\n  customer: {pii: true}\nchecks: |\n"
        "  amount 0..100000 quarantine 90%\n---*/\n"
        "select id, customer, day, amount from read_csv('raw/orders_*.csv')\n"
    ),
    "sources/shop/kinds.sql": "select kind, tags from read_json('raw/kinds.json')\n",
    "datasets/marts/totals.sql": (
        "/*---\nowner: ana\ncaveats: [Few orders]\nchecks: |\n  n > 0\n---*/\n"
        "select customer, sum(amount) as amount, count(*) as n from shop.orders group by customer order by customer\n"
    ),
    "datasets/marts/names.sql": "/*---\nmaterialize: view\n---*/\nselect distinct customer from shop.orders\n",
    "datasets/marts/rows.sql": _GROWING.format(
        "incremental: {by: append}", "select id, euros(amount) as e from shop.orders"
    ),
    "datasets/marts/days.sql": _GROWING.format(
        "incremental: {by: time, column: day}", "select id, day, amount from shop.orders"
    ),
    "datasets/marts/keys.sql": _GROWING.format(
        "key: customer\nincremental: {by: key}",
        "select customer, max(amount) as most from shop.orders group by customer",
    ),
    "datasets/marts/then.sql": (
        "/*---\nmaterialize: history\nkey: customer\n---*/\nselect customer, n from marts.totals\n"
    ),
    "datasets/marts/parted.sql": "/*---\npartition: [customer]\n---*/\nselect customer, id, day from shop.orders\n",
    "datasets/marts/clock.sql": "select customer, current_date as today, now() as moment from marts.names\n",
    "datasets/marts/types.sql": (
        "select 1::tinyint as i, 2.5::double as d, 'é'::varchar as t, true as b, 1.25::decimal(9, 2) as n, null::date as u,"
        " timestamp '2025-01-02 03:04:05' as m, timestamptz '2025-01-02 03:04:05+00' as z, [1, 2] as l,"
        " {'a': 1, 'b': 'x'} as s, map {'k': 1} as p, 'a'::blob as r, time '03:04' as c\n"
    ),
    "analyses/noted.py": (
        "import andon\n\nrows = andon.open().sql('select customer, n from marts.totals order by customer')\n"
        "print('read')\nandon.keep('totals', rows)\nandon.keep('most', max(n for _, n in rows))\n"
    ),
    "datasets/marts/rated.py": (
        'import rates\nfrom andon import dataset, read\n\n\n@dataset(owner="ben")\n'
        'def rated(rows=read("marts.keys")):\n'
        '    return [{"customer": c, "more": m * rates.RATE} for c, m in rows.order("customer").fetchall()]\n'
    ),
}


def _day(clone: Clone, number: int, *rows: str) -> None:
    clone.write(f"raw/orders_{number}.csv", "\n".join(["id,customer,day,amount", *rows, ""]))


def make(root: Path) -> Clone:
    """A project with a dataset of each kind after refreshes, edits, a held run, an undo, a branch and its publish, a tag, a question
    and its answer, a run of an analysis, a stage in a folder, and a backup."""
    start = datetime(2025, 3, 1, 8, tzinfo=UTC)
    steps = itertools.count()
    clone = Clone(root, clock=lambda: start + timedelta(hours=7 * next(steps)))
    clone.fill(_FILES)
    _day(clone, 1, "1,ada,2025-01-01,10", "2,ben,2025-01-01,-5")
    clone.run()
    _day(clone, 2, "3,ada,2025-01-02,20.5", "4,cleo,2025-01-02,700")
    clone.refresh()
    with clone.opened() as service:
        service.branches.tag("first_quarter")
        asked = service.dataset_questions.ask("marts.totals", "Are gifts in it?")
        service.dataset_questions.answer(asked.question.number, "No.")
    totals = _FILES["datasets/marts/totals.sql"]
    clone.write("datasets/marts/totals.sql", totals.replace("count(*) as n", "0 as n"))
    assert not clone.run().published
    clone.write("datasets/marts/totals.sql", totals.replace("count(*) as n", "count(*) + 1 as n"))
    clone.run()
    clone.undo()
    clone.switch("try", create=True)
    clone.write("datasets/marts/totals.sql", totals.replace("count(*) as n", "count(*) + 2 as n"))
    clone.run(branch="try")
    _day(clone, 2, "3,ada,2025-01-02,21.5", "5,dora,2025-01-03,7")
    clone.refresh(branch="try")
    clone.publish("try")
    clone.branch("later")
    clone.switch("main")
    with clone.opened() as service:
        service.renaming.rename("marts.keys", "marts.most", RunOptions(agreed=ANY_PLAN))
        service.analyses.run("noted")
        service.isolating.isolate("marts.totals", root / PACKED)
        service.backups.make(str(root / KEPT))
    return clone


def read(root: Path, environ: dict[str, str] | None = None) -> dict[str, Any]:
    """What is to be read of the project in `root` for ever: refs and the commits behind them, each dataset's version, rows and content
    in each of them, what was asked, and what stands of runs."""
    from andon.relations.content import content_of
    from andon.relations.relations import Relations

    with Clone(root, environ=environ or {}).opened() as service:
        lake = service.workspace.lake
        relations = Relations(lake)
        refs = {
            f"{kind} {ref.name}": [commit.id for commit in lake.commits.first_parents(lake.refs.head(ref.name))]
            for kind in ("branch", "tag")
            for ref in lake.refs.of_kind(kind)
        }
        commits = {}
        for commit in sorted({each for listed in refs.values() for each in listed}):
            leaves = lake.commits.state(lake.commits.get(commit)).leaves
            commits[commit] = {name: [leaf.version, _rows(service, name, commit)] for name, leaf in leaves.items()}
        contents = {
            version: content_of(service.workspace.readers, relations, name, version)
            for found in commits.values()
            for name, (version, _) in found.items()
        }
        asked = [info.question for info in service.dataset_questions.list(with_ended=True)]
        return {
            "refs": refs,
            "commits": commits,
            "contents": contents,
            "log": [
                [entry.commit.id, entry.commit.message, entry.commit.author] for entry in service.history.log(limit=100)
            ],
            "questions": [[each.number, each.dataset, each.what, each.state] for each in asked],
            "analyses": [[run.name, run.number, run.version] for run in service.analyses.log()],
            "runs": [[run.number, run.status, run.published] for run in service.workspace.runs.newest(100)],
        }


def _rows(service: Service, name: str, commit: str) -> str:
    answer = service.querying.ask(f"select * from {name}", commit)
    return sha256("\n".join(sorted(repr(row) for row in answer.fetch())).encode()).hexdigest()[:16]


def pack(root: Path, name: str) -> None:
    """Write the sample `name` of the project in `root`: its files, its lake, and what is read of it."""
    with closing(sqlite3.connect(root / ".andon" / "catalog.db", isolation_level=None)) as catalog:
        catalog.execute("update run set process = 'there:1:1'")  # of no machine
        catalog.execute("vacuum")
    (SAMPLES / f"{name}.json").write_text(json.dumps(read(root), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    with tarfile.open(SAMPLES / f"{name}.tar.xz", "w:xz") as archive:
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and inside.parts[:2] not in _DISPOSABLE:
                archive.add(path, arcname=str(inside), filter=_nobodys)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpacked(name: str, root: Path) -> dict[str, Any]:
    """Lay the sample `name` into `root`; what was read of it then."""
    with tarfile.open(SAMPLES / f"{name}.tar.xz") as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None, member.name
            place = root / member.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.read())
            place.chmod(member.mode & 0o777)
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return found
