"""Planning, which is pure: what each dataset's step is and why, from code, head, inputs and what was ever built."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pytest

from andon.base.record import replace
from andon.model.build import Build, InputFile, recipe_key
from andon.model.commit import Leaf
from andon.model.dataset import Kind
from andon.model.plan import Step
from andon.runs.planning.steps import Situation, SourceInput, clock_part, datasets_taken, plan_steps
from kit.projects import load_texts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RAW = InputFile("raw/orders.csv", "a" * 64, 10)
TEXTS = {
    "sources/shop/orders.sql": "select id, amount from read_csv('raw/*.csv')\n",
    "datasets/m/total.sql": "select sum(amount) as amount from shop.orders\n",
    "datasets/m/top.sql": "select amount from m.total where amount > 10\n",
    "datasets/m/one.sql": "select 1 as one\n",
}


def situation(
    texts: Mapping[str, str] = TEXTS, before: Mapping[str, str] | None = TEXTS, raw: InputFile = RAW, **more: object
) -> Situation:
    """What a plan is made from: the code of `texts`, over a head on which all of `before` was built from `RAW`."""
    project = load_texts(texts)
    assert not project.problems
    leaves = built(before) if before is not None else {}
    definitions = {name: dataset.definition for name, dataset in project.datasets.items()}
    return replace(
        Situation(
            definitions=definitions,
            files={name: dataset.own_files for name, dataset in project.datasets.items()},
            leaves=leaves,
            sources={d: source(raw, d in leaves) for d, x in definitions.items() if x.kind is Kind.SOURCE},
            moment=NOON,
            known=lambda keys: {},
            old={x.definition.id: x.definition for x in load_texts(before or {}).datasets.values()},
        ),
        **more,
    )


def source(raw: InputFile, was_built: bool) -> SourceInput:
    if not was_built:
        return SourceInput((raw,), added=(raw.path,))
    return SourceInput((raw,), changed=() if raw == RAW else (raw.path,))


def built(texts: Mapping[str, str]) -> dict[str, Leaf]:
    """Leaves of all datasets of `texts`, each built in the order of what it reads; the version of `x` is `v-x`."""
    leaves: dict[str, Leaf] = {}
    for name, dataset in load_texts(texts).datasets.items():
        definition = dataset.definition
        files = (RAW,) if definition.kind is Kind.SOURCE else ()
        inputs = {parent: f"v-{parent}" for parent in definition.inputs}
        key = recipe_key(definition.id, inputs, files, None, clock_part(definition, NOON))
        leaves[name] = Leaf(
            str(definition.kind),
            str(definition.materialize),
            definition.id,
            key,
            f"b-{name}",
            f"v-{name}",
            dataset.own_files,
        )
    return leaves


def steps(found: Situation) -> dict[str, Step]:
    return {step.dataset: step for step in plan_steps(found)}


def told(found: Situation) -> dict[str, tuple[str, str]]:
    """`{dataset: (action, reason)}` of what is not unchanged."""
    return {d: (str(s.action), s.reason) for d, s in steps(found).items() if s.reason != "unchanged"}


def knowing(*versions: str, run: int | None = 7):
    """Says of every key that it was built, once for each of `versions`."""

    def known(keys: Iterable[str]) -> dict[str, Build]:
        return {key: Build(f"b-{key[:4]}", key, "x", "d", version, run) for key in keys for version in versions}

    return known


def test_nothing_changed_is_nothing_to_do():
    found = steps(situation())
    assert {(str(s.action), s.reason, s.code_changed) for s in found.values()} == {("reuse", "unchanged", False)}
    assert {d: s.version for d, s in found.items()} == {d: f"v-{d}" for d in found}


def test_an_empty_lake_is_built_whole_in_an_order_that_can_be_taken():
    order = [step.dataset for step in plan_steps(situation(before=None))]
    assert order.index("shop.orders") < order.index("m.total") < order.index("m.top")
    assert told(situation(before=None)) == dict.fromkeys(("shop.orders", "m.total", "m.top", "m.one"), ("build", "new"))


def test_changed_code_builds_it_and_what_reads_it():
    texts = {**TEXTS, "datasets/m/total.sql": "select sum(2 * amount) as amount from shop.orders\n"}
    assert told(situation(texts)) == {
        "m.total": ("build", "its SQL changed"),
        "m.top": ("build", "reads m.total, which changes"),
    }
    assert steps(situation(texts))["m.top"].needs == ("m.total",)
    assert not steps(situation(texts))["m.top"].code_changed


def test_a_comment_is_reuse_with_other_code():
    texts = {**TEXTS, "datasets/m/total.sql": "-- all of it\n" + TEXTS["datasets/m/total.sql"]}
    step = steps(situation(texts))["m.total"]
    assert (str(step.action), step.reason) == ("reuse", "only comments, checks or layout changed")
    assert step.code_changed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"added": ("raw/a.csv", "raw/b.csv")}, "files: 2 new (raw/a.csv, …)"),
        ({"changed": ("raw/orders.csv",)}, "files: 1 changed (raw/orders.csv)"),
        ({"removed": ("raw/a.csv",), "added": ("raw/b.csv",)}, "files: 1 new (raw/b.csv), 1 removed (raw/a.csv)"),
    ],
)
def test_changed_files_are_named_in_the_reason(change, reason):
    sources = {"shop.orders": SourceInput((InputFile("raw/orders.csv", "b" * 64, 9),), **change)}
    found = told(situation(sources=sources))
    assert found["shop.orders"] == ("build", reason)
    assert found["m.total"] == ("build", "reads shop.orders, which changes")
    assert "m.one" not in found


def test_what_was_ever_built_is_taken_from_there():
    texts = {**TEXTS, "datasets/m/one.sql": "select 2 as one\n"}
    step = steps(situation(texts, known=knowing("v-two")))["m.one"]
    assert (str(step.action), step.reason, step.version) == ("reuse", "built before, in run 7", "v-two")
    assert steps(situation(texts, known=knowing("v-two", run=None)))["m.one"].reason == "built before"


def test_a_known_result_lets_what_reads_it_be_known_too():
    """Level by level: keys of readers are asked once the version of what they read is known."""
    texts = {**TEXTS, "datasets/m/total.sql": "select sum(2 * amount) as amount from shop.orders\n"}
    found = steps(situation(texts, known=knowing("v-new")))
    assert {d: s.version for d, s in found.items() if d in ("m.total", "m.top")} == {
        "m.total": "v-new",
        "m.top": "v-new",
    }
    same = steps(situation(texts, known=knowing("v-m.total")))
    assert (str(same["m.top"].action), same["m.top"].reason) == ("reuse", "unchanged")


def test_known_files_are_told_beside_the_run_that_read_them():
    found = told(situation(raw=replace(RAW, sha256="b" * 64), known=knowing("v-other")))
    assert found["shop.orders"] == ("reuse", "files: 1 changed (raw/orders.csv); built before, in run 7")


def test_forced_datasets_are_built_although_they_are_known():
    found = situation(forced=frozenset({"m.one", "m.total"}), known=knowing("v-any"))
    assert told(found)["m.one"] == ("build", "asked for (--force)")
    assert told(found)["m.total"] == ("build", "asked for (--force)")


def test_a_deleted_dataset_is_dropped_last_and_names_what_it_breaks():
    """A reader that stays is a problem of the project; one that is not taken is told."""
    before = {**TEXTS, "datasets/m/old.sql": "select 1 as one\n"}
    *_, last = plan_steps(situation(before=before))
    assert (last.dataset, str(last.action), last.reason, last.version) == (
        "m.old",
        "drop",
        "its file was deleted",
        "v-m.old",
    )
    assert last.code_changed
    assert last.breaks == ()


def test_a_selection_takes_what_is_named_and_what_that_needs_and_was_never_built():
    texts = {**TEXTS, "datasets/m/total.sql": "select sum(2 * amount) as amount from shop.orders\n"}
    assert set(told(situation(texts, selected=frozenset({"m.total"})))) == {"m.total"}
    top = steps(situation(texts, selected=frozenset({"m.top"})))
    assert set(top) == {"m.top"}
    assert top["m.top"].reason == "unchanged"  # it reads what is published
    fresh = steps(situation(texts, before=None, selected=frozenset({"m.top"})))
    assert set(fresh) == {"shop.orders", "m.total", "m.top"}


def test_only_selected_deletions_are_dropped():
    before = {**TEXTS, "datasets/m/old.sql": "select 1 as one\n", "datasets/m/older.sql": "select 1 as one\n"}
    found = situation(before=before, selected=frozenset({"m.old", "m.one"}))
    assert set(told(found)) == {"m.old"}


def test_an_undone_file_keeps_the_whole_source():
    sources = {"shop.orders": SourceInput((RAW,), kept_because="raw/x.csv was undone; a corrected file passes")}
    found = situation(sources=sources)
    assert told(found) == {"shop.orders": ("keep", "raw/x.csv was undone; a corrected file passes")}


def test_what_reads_something_gone_is_kept_as_it_is():
    """At a refresh of a branch whose input was dropped: the dataset stays, whatever its definition says."""
    found = situation()
    definitions = {d: x for d, x in found.definitions.items() if d != "m.total"}
    leaves = {d: x for d, x in found.leaves.items() if d != "m.total"}
    kept = told(situation(definitions=definitions, leaves=leaves))
    assert kept == {"m.top": ("keep", "reads m.total, which is gone")}


def test_a_view_has_its_key_as_its_version_and_is_built_by_no_one():
    view = "/*---\nmaterialize: view\n---*/\nselect amount from m.total\n"
    texts = {**TEXTS, "datasets/m/top.sql": view}
    step = steps(situation(texts))["m.top"]
    assert (str(step.action), step.version) == ("view", step.key)
    assert told(situation(texts))["m.top"][1] == "materialize changed from table to view"


def test_what_shows_the_day_is_built_on_another_day_and_the_time_at_every_run():
    texts = {
        **TEXTS,
        "datasets/m/day.sql": "select current_date as day\n",
        "datasets/m/now.sql": "select now() as moment\n",
    }
    assert told(situation(texts, before=texts)) == {}
    later = told(situation(texts, before=texts, moment=NOON.replace(hour=13)))
    assert later == {"m.now": ("build", "rebuilt at every run: now()")}
    tomorrow = told(situation(texts, before=texts, moment=NOON.replace(day=2)))
    assert tomorrow["m.day"] == ("build", "a new day: current_date")
    definitions = situation(texts).definitions
    assert clock_part(definitions["m.day"], NOON) == "2026-03-01"
    assert clock_part(definitions["m.one"], NOON) is None


def test_a_proof_takes_the_published_version_and_is_asked_only_where_nothing_is_known():
    asked: list[tuple[str, list[str], set[str]]] = []

    def prove(dataset, changed, remade):
        asked.append((dataset, list(changed), set(remade)))
        return "the same rows" if dataset == "m.total" else None

    texts = {**TEXTS, "datasets/m/total.sql": "select sum(amount + 0) as amount from shop.orders\n"}
    found = steps(situation(texts, prove=prove))
    assert found["m.total"].reason == "proved equal: the same rows"
    assert (found["m.total"].version, found["m.total"].proof) == ("v-m.total", "the same rows")
    assert found["m.top"].reason == "unchanged"  # what is proved equal changes nothing below
    assert asked == [("m.total", [], set())]
    asked.clear()
    forced = steps(situation(texts, prove=prove, forced=frozenset({"m.total"})))
    assert str(forced["m.total"].action) == "build"
    assert [dataset for dataset, _, _ in asked] == ["m.top"]
    assert asked[0][1] == ["m.total"]


def test_a_used_macro_is_the_reason():
    texts = {
        **TEXTS,
        "macros/m.sql": "create macro more(x) as x + 1;\n",
        "datasets/m/one.sql": "select more(1) as one\n",
    }
    after = {**texts, "macros/m.sql": "create macro more(x) as x + 2;\n"}
    assert told(situation(after, before=texts)) == {"m.one": ("build", "uses macros/m.sql, which changed")}


def test_taken_are_all_or_the_selected_that_are_there():
    found = situation()
    assert datasets_taken(found.definitions, found.leaves, None) == set(found.definitions)
    assert datasets_taken(found.definitions, found.leaves, frozenset({"m.top", "m.gone"})) == {"m.top"}
    assert datasets_taken(found.definitions, {}, frozenset({"m.top"})) == {"m.top", "m.total", "shop.orders"}
