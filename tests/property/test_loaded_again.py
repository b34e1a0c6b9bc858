"""A project that is loaded after another one is what it would be if nothing had been loaded before, whatever was edited between."""

from __future__ import annotations

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from andon.base.cache import MemoryCache
from andon.base.graph import levels
from andon.base.hashing import digest
from andon.project import read
from andon.project.load import load

#: By path what may stand there, which fits all the rest; "" is no file. The first stands there at the beginning.
FITTING: dict[str, tuple[str, ...]] = {
    "andon.toml": (
        "[patterns]\ncode = '[A-Z]+'\n",
        "[patterns]\ncode = '[0-9]+'\n",
        "[schedules.day]\nselect = ['m.a']\nmax_age = '1d'\n",
    ),
    "sources/shop/orders.sql": (
        "select id, amount from read_csv('raw/*.csv')",
        "/*---\nchecks: |\n  id matches code quarantine 5%\n---*/\nselect id, amount from read_csv('raw/*.csv')",
    ),
    "datasets/m/a.sql": (
        "select id, money(amount) as amount from shop.orders",
        "/*---\ntags: [daily]\nowner: ana\nchecks: |\n  amount > 0 quarantine 5%\n---*/\nselect id, amount from shop.orders",
        "/*---\nchecks: |\n  positive(amount) quarantine 5%\n---*/\nselect id, amount from shop.orders",
        "select id, amount from m.c",
    ),
    "datasets/m/b.sql": (
        "select count(*) as n from m.a, latest()",
        "/*---\ndeprecated: {use: m.c}\n---*/\nselect count(*) as n from m.a",
        "/*---\nhandles: [late]\n---*/\nselect count(*) as n from m.c",
        "",
    ),
    "datasets/m/c.sql": (
        "/*---\ncaveats: [{id: late, text: comes late}]\n---*/\nselect * from shop.orders",
        "select * from shop.orders",
    ),
    "datasets/m/d.py": (
        "from andon import dataset, read\nimport helper\n\n@dataset\ndef d(o=read('m.a')):\n    return o\n",
        "from andon import dataset, read\n\n@dataset\ndef d(o=read('shop.orders')):\n    return o\n",
    ),
    "datasets/m/e.sql": ("", "select * from m.d", "select * from m.b"),
    "macros/m.sql": (
        "create macro money(a) as a * 2; create macro positive(a) as a > 0; create macro latest() as table from shop.orders;",
        "create macro money(a) as a * 3; create macro positive(a) as a > 1; create macro latest() as table from m.c;",
    ),
    "modules/helper.py": ("X = 1\n", "import datetime\nX = datetime.date.today()\n"),
    "checks/c.sql": ("", "select * from m.a where amount < 0", "select * from m.c where positive(amount)"),
    "queries/q.sql": ("", "select * from m.b", "select * from m.a"),
    "tests/t.yml": (
        "",
        "- name: doubles\n  dataset: m.a\n  given:\n    shop.orders: [{id: 1, amount: 2}]\n  expect: [{id: 1, amount: 4}]\n",
    ),
    "insights/i.yml": ("", "title: What?\nuses: [m.a, m.c.id]\n"),
    "glossary.yml": ("", "order:\n  means: something bought\n  columns: [m.a.id]\n"),
}
#: What does not, mostly.
OTHER: dict[str, tuple[str, ...]] = {
    "sources/shop/orders.sql": ("",),
    "sources/shop/orders.yml": ("", "url: https://example.org/orders\n"),
    "datasets/m/a.sql": ("select * from m.a", "select * from m.b", "selec", ""),
    "datasets/m/b.sql": ("select count(*) as n from m.a__quarantine",),
    "datasets/m/c.sql": ("", "select * from m.b"),
    "datasets/m/A.sql": ("", "select 1 as one"),
    "datasets/m/d.py": ("",),
    "macros/m.sql": ("",),
    "modules/helper.py": ("",),
}


def edits_of(texts: dict[str, tuple[str, ...]]):
    return st.sampled_from([(path, text) for path, told in texts.items() for text in told])


FITS = edits_of(FITTING)
EDITS = st.lists(st.lists(st.one_of(FITS, FITS, FITS, edits_of(OTHER)), min_size=1, max_size=2), min_size=1, max_size=8)


class Unremembering(MemoryCache):
    """Knows what single files say, and no project."""

    def put_newest(self, entries, key, value, count) -> None:
        del entries, key, value, count


KNOWN = Unremembering()


def loaded(texts: dict[str, str], cache: MemoryCache):
    there = {path: text.encode() for path, text in sorted(texts.items()) if text}
    return load({path: digest(text) for path, text in there.items()}, there.__getitem__, cache)


@settings(max_examples=120, deadline=None)
@given(EDITS)
@example([[(path, FITTING[path][1])] for path in ("sources/shop/orders.sql", "andon.toml")])
def test_what_was_loaded_before_changes_nothing(edits):
    texts = {path: told[0] for path, told in FITTING.items()}
    remembering = MemoryCache()
    loaded(texts, remembering)
    for edit in edits:
        before = loaded(texts, remembering)
        texts |= dict(edit)
        whole = loaded(texts, KNOWN)
        again = loaded(texts, remembering)
        assert again == whole
        assert list(again.datasets) == list(whole.datasets)
        assert list(again.shared) == list(whole.shared)
        if not whole.problems:
            needs = {name: each.definition.inputs for name, each in whole.datasets.items()}
            assert [list(level) for level in whole.levels] == levels(needs)
        taken = read.standing_datasets(before, whole.files)
        event(f"datasets taken: {bool(taken)}, sound: {not whole.problems}")
        assert all(
            whole.problems or whole.datasets[name] == each for name, each in taken.items() if name in whole.datasets
        )


def test_what_no_edit_reached_is_taken_as_it_was(monkeypatch):
    texts = {path: told[0] for path, told in FITTING.items()}
    cache = MemoryCache()
    before = loaded(texts, cache)
    asked: list[str] = []
    facts_of = read._facts
    monkeypatch.setattr(read, "_facts", lambda files, *rest: asked.extend(files) or facts_of(files, *rest))
    after = loaded(texts | {"datasets/m/b.sql": "select id from m.a"}, cache)
    assert not before.problems
    assert not after.problems
    assert "datasets/m/b.sql" in asked
    assert "datasets/m/a.sql" not in asked
    assert after.datasets["m.a"] is before.datasets["m.a"]
    assert after.datasets["m.b"] != before.datasets["m.b"]
