"""What a lake is worth: shares add up to the whole, nothing of two kinds is added, and the repair helps whom it says."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from andon.service.value import ValueAmount
from kit.clones import FILES, Clone

PERIODS = {"year": 1, "month": 12, "quarter": 4, "once": 1}
DATASETS = ("shop.orders", "marts.totals", "marts.best", "marts.count")
#: By dataset, all that it rests on.
BELOW = {
    "shop.orders": {"shop.orders"},
    "marts.totals": {"marts.totals", "shop.orders"},
    "marts.best": {"marts.best", "marts.totals", "shop.orders"},
    "marts.count": {"marts.count", "shop.orders"},
}


@pytest.mark.parametrize("seed", range(3))
def test_shares_add_up_and_repairs_help_whom_they_name(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    clone = Clone(tmp_path / "acme", clock=lambda: datetime(2026, 11, 30, 9, tzinfo=UTC))
    clone.root.mkdir()
    owned = {name: chance.random() < 0.5 for name in DATASETS}
    files = dict(FILES)
    for name, has_owner in owned.items():
        path = f"{'sources' if name.startswith('shop') else 'datasets'}/{name.replace('.', '/')}.sql"
        said = f"description: Rows.\n{'owner: ana' if has_owner else ''}\nchecks: rows 0..99\n"
        files[path] = f"/*---\n{said}---*/\n{FILES[path]}"
    totals: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    used: dict[str, set[str]] = {}
    unreviewed, unvalued = [], []
    for number in range(8):
        name, uses = f"i{number}", chance.sample(DATASETS, chance.randint(0, 3))
        amount, basis = Decimal(chance.randint(-999, 10**6)) / 100, chance.choice(["measured", "estimated", "none"])
        per, currency = chance.choice(list(PERIODS)), chance.choice(["USD", "EUR"])
        review = chance.choice(["", "review-by: 2026-11-29\n", "review-by: 2026-11-30\n"])
        files[f"insights/{name}.md"] = (
            f"---\nuses: [{', '.join(uses)}]\n{review}value: {{amount: {amount}, currency: {currency}, per: {per}, "
            f"basis: {basis}}}\n---\n# Is it {number}?\n\nYes.\n"
        )
        used[name] = set().union(*(BELOW[each] for each in uses))
        if "29" in review:
            unreviewed.append(name)
        elif basis == "none":
            unvalued.append(name)
        else:
            totals[basis, currency, "once" if per == "once" else "year"] += amount * PERIODS[per]
    clone.fill(files)
    assert clone.run().published

    with clone.opened() as service:
        found = service.worth.value()
    assert _by_kind(found.totals) == dict(totals)
    assert found.unreviewed == unreviewed
    assert found.unvalued == unvalued
    parts: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for amount in (*found.unplaced, *(share for each in found.datasets for share in each.shares)):
        parts[amount.basis, amount.currency, amount.per] += Decimal(amount.amount)
    assert {kind: part for kind, part in parts.items()} == dict(totals)
    assert {each.dataset: set(each.relied_on) for each in found.datasets} == {
        name: by for name in DATASETS if (by := {insight for insight, rests in used.items() if name in rests})
    }
    helped = {
        name: by
        for name, has_owner in owned.items()
        if not has_owner and (by := {insight for insight, rests in used.items() if name in rests})
    }
    assert {each.flaw.dataset: set(each.insights) for each in found.repairs} == helped
    assert {each.flaw.kind for each in found.repairs} <= {"no_owner"}
    counts = [len(each.insights) for each in found.repairs]
    assert counts == sorted(counts, reverse=True)


def test_what_is_known_at_table_level_only_is_a_weak_link(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "acme")
    said = "/*---\nowner: ana\ndescription: Rows.\nchecks: rows 0..99\n---*/\n"
    files = {path: said + text if path.endswith(".sql") else text for path, text in FILES.items()}
    files["datasets/marts/mixed.sql"] = said + (
        "with recursive r(k, v) using key (k) as (\n"
        "  select id, 1 from shop.orders\n  union\n  select k, v + 1 from r where v < 3\n)\nselect k, v from r\n"
    )
    files["insights/one.md"] = "---\nuses: [marts.mixed]\n---\n# One?\n\nOne.\n"
    files["insights/two.md"] = "---\nuses: [marts.totals]\n---\n# Two?\n\nTwo.\n"
    clone.fill(files)
    clone.run()
    with clone.opened() as service:
        found = {each.name: each for each in service.insights.list()}
    assert found["two"].weakest is None
    weakest = found["one"].weakest
    assert weakest is not None
    assert (weakest.dataset, weakest.kind) == ("marts.mixed", "partial_lineage")
    assert "USING KEY" in weakest.what


def _by_kind(amounts: list[ValueAmount]) -> dict[tuple[str, str, str], Decimal]:
    return {(each.basis, each.currency, each.per): Decimal(each.amount) for each in amounts}
