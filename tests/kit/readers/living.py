"""A lake that lives: random changes of columns, files that come, rows that are set aside, histories, partitions, all types."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

from kit.clones import Clone, ticking

#: Widened on the way: what a column is at first, and what it may become.
WIDER = {"INTEGER": "BIGINT", "FLOAT": "DOUBLE", "DECIMAL(9,2)": "DECIMAL(20,2)"}
#: What a new column holds, of the row `id`: type -> expression.
_MADE = {
    "INTEGER": "id::integer",
    "FLOAT": "(id / 3)::float",
    "DECIMAL(9,2)": "(id / 4)::decimal(9,2)",
    "VARCHAR": "'é ' || id",
    "DATE": "date '2026-01-01' + id::integer",
    "TIMESTAMP WITH TIME ZONE": "timestamptz '2026-01-01 00:00:00+00' + to_days(id::integer)",
    "BOOLEAN": "id % 2 = 0",
    "UUID": "md5(id::varchar)::uuid",
    "STRUCT(a INTEGER, b VARCHAR[])": "{'a': id::integer, 'b': ['x' || id, null]}",
    "STRUCT(a INTEGER)[]": "[{'a': id::integer}, null]",
    "MAP(VARCHAR, DECIMAL(9,2))": "map {'k': (id / 4)::decimal(9,2)}",
}

_FIXED = {
    "sources/shop/orders.sql": (
        "/*---\nkey: id\nchecks: |\n  amount 0..100 quarantine 90%\n---*/\n"
        "select id, customer, amount, day from read_csv('raw/orders_*.csv')\n"
    ),
    "datasets/marts/log.sql": (
        "/*---\nmaterialize: incremental\nincremental: {by: append}\n---*/\n"
        "select id, customer, amount::decimal(38,2) as amount from shop.orders where amount > 1\n"
    ),
    "datasets/marts/parted.sql": (
        "/*---\npartition: [id, {column: day, grain: month}]\nsort: id\n---*/\nselect * from shop.orders\n"
    ),
    "datasets/marts/customers.sql": (
        "/*---\nmaterialize: history\nkey: customer\n---*/\n"
        "select customer, sum(amount)::decimal(18,2) as amount from shop.orders where customer is not null group by customer\n"
    ),
    "datasets/marts/nothing.sql": "select * from shop.orders where id < 0\n",
    "datasets/marts/odd.sql": (
        'select id as "an id", customer as "größe 😀", {\'x y\': amount, \'q"\': [day]} as "s.t" from shop.orders\n'
    ),
    "datasets/marts/numbers.sql": (
        "select * from (values ('nan'::double, 'inf'::float, repeat('9', 38)::decimal(38,0)), ('-inf', 'nan', -1), (-0.0, 0.0, 0),\n"
        "  (null, null, null), (5e-324, '-0.0', ('-' || repeat('9', 38))::decimal(38,0))) t(d, f, n)\n"
    ),
    "datasets/marts/moments.sql": (
        "select * from (values (date '0044-03-15 (BC)', timestamp '1969-12-31 23:59:59.999999', timestamptz '2026-03-29 02:30:00+02'),\n"
        "  (date '9999-12-31', timestamp '12345-01-01', timestamptz '0001-01-01 00:00:00+00'), (null, null, null)) t(d, ts, tz)\n"
    ),
    "datasets/marts/times.sql": "select id, time '23:59:50.000001' as at, 'b\\x00'::blob as b from shop.orders\n",
}


class Living:
    """A project whose columns change at random, a publish for each change.

    Args:
        settings: what `andon.toml` says.
        environ: variables of the environment that these name.

    Attributes:
        steps: what changed, in words.
    """

    def __init__(self, root: Path, seed: int, settings: str = "", environ: Mapping[str, str] | None = None) -> None:
        self.clone = Clone(root, clock=ticking(), environ=dict(environ or {}))
        self.clone.fill({**_FIXED, "andon.toml": settings})
        self._random = random.Random(seed)
        self._columns: dict[str, tuple[str, str]] = {}
        self._former: list[str] = []
        self._was: dict[str, str] = {}
        self._named = 0
        self._orders = 0
        self.steps: list[str] = []
        for _ in range(5):
            self._add()
        self._publish("at first")

    def go_on(self, steps: int) -> None:
        """Change something and publish it, `steps` times."""
        for _ in range(steps):
            self._was = {}
            done = [
                self._random.choice((self._add, self._rename, self._widen, self._drop, self._again, self._reorder))()
            ]
            done.append(self._random.choice((self._add, self._rename, self._reorder))())
            self._publish(", ".join(done))

    def _publish(self, step: str) -> None:
        self._orders += 1
        first = self._orders * 10
        rows = ["id,customer,amount,day", f"{first},ada,5.5,2026-01-01"]
        for i in range(1, 4):
            customer, amount = (
                self._random.choice(("ada", "ben", "")),
                self._random.choice(("7.25", "150.5", "", "0.0")),
            )
            rows.append(f"{first + i},{customer},{amount},2026-0{self._random.randrange(1, 4)}-01")
        self.clone.write(f"raw/orders_{self._orders:02}.csv", "\n".join(rows) + "\n")
        items = ", ".join(f'({made})::{kind} as "{name}"' for name, (kind, made) in self._columns.items())
        said = "".join(f"  {new}: {{was: {old}}}\n" for new, old in self._was.items())
        front = f"/*---\ncolumns:\n{said}---*/\n" if said else ""
        self.clone.write("datasets/marts/things.sql", f"{front}select id, {items} from shop.orders\n")
        result = self.clone.run()
        assert result.published, (step, result)
        self.steps.append(step)

    def _add(self) -> str:
        self._named += 1
        kind = self._random.choice(list(_MADE))
        self._columns[f"c{self._named}"] = (kind, _MADE[kind])
        return f"added c{self._named} {kind}"

    def _rename(self) -> str:
        old = self._random.choice(list(self._columns))
        self._named += 1
        new = f"c{self._named}"
        self._columns = {new if name == old else name: what for name, what in self._columns.items()}
        self._former.append(old)
        # of a column that was made in this very step there is nothing to take over
        if old not in self._was:
            self._was[new] = old
        return f"renamed {old} {new}"

    def _widen(self) -> str:
        for name, (kind, made) in self._columns.items():
            if kind in WIDER:
                self._columns[name] = (WIDER[kind], made)
                return f"widened {name} {WIDER[kind]}"
        return self._add()

    def _drop(self) -> str:
        if len(self._columns) < 3:
            return self._add()
        name = self._random.choice(list(self._columns))
        del self._columns[name]
        self._former.append(name)
        return f"dropped {name}"

    def _again(self) -> str:
        free = [name for name in self._former if name not in self._columns]
        if not free:
            return self._add()
        name, kind = self._random.choice(free), self._random.choice(list(_MADE))
        self._columns[name] = (kind, _MADE[kind])
        return f"again {name} {kind}"

    def _reorder(self) -> str:
        items = list(self._columns.items())
        self._random.shuffle(items)
        self._columns = dict(items)
        return "in another order"
