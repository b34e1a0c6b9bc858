"""Row diffs that are kept: by version, version and key; counts only; a few for each version."""

from __future__ import annotations

from andon.base.database import Database
from andon.base.record import replace
from andon.model.row_diff import ColumnChange, RowChange, RowCounts, RowDiff, RowSample, ValuePair
from andon.state.facts import Facts
from andon.state.row_diffs import KIND, MOST, Compared, KnownRowDiffs

PLAIN = RowDiff(
    "marts.value",
    ("id", "name"),
    ("id",),
    RowCounts(1, 2, 3),
    (ColumnChange("name", 3, 1, 2),),
    ("fresh",),
    ("gone",),
    (("nom", "name"),),
    (("id", "INTEGER", "BIGINT", "BIGINT"),),
    notes=("the key (id) is NULL in 1 row that differs: compared as whole rows",),
)
SHOWN = replace(
    PLAIN,
    columns=(ColumnChange("name", 3, 1, 2, None, None, (ValuePair("secret", "other", 3),)),),
    samples=(RowSample(RowChange.CHANGED, 1, (1, "secret"), (1, "other"), ("name",)),),
)


def test_kept_without_values_by_both_versions_and_the_key(database: Database) -> None:
    known = KnownRowDiffs(Facts(database))
    asked = Compared("v1", "v2", ("id",))
    assert known.find({"marts.value": asked}) == {}
    known.keep([(asked, SHOWN)])
    assert known.find({"marts.value": asked, "marts.twin": Compared("v1", "v2", ("ID",))}) == {
        "marts.value": PLAIN,
        "marts.twin": replace(PLAIN, dataset="marts.twin"),
    }
    others = [Compared("v2", "v1", ("id",)), Compared("v1", "v3", ("id",)), Compared("v1", "v2", ())]
    assert [known.find({"marts.value": other}) for other in others] == [{}, {}, {}]
    assert "secret" not in str(Facts(database).find("v2", KIND))


def test_of_one_version_the_newest_few_are_kept(database: Database) -> None:
    known = KnownRowDiffs(Facts(database))
    asked = [Compared(f"v{i}", "new") for i in range(MOST + 3)]
    known.keep([(each, PLAIN) for each in asked])
    known.keep([(asked[3], SHOWN)])
    found = [bool(known.find({"d": each})) for each in asked]
    assert found == [False] * 3 + [True] * MOST
    assert len(Facts(database).find("new", KIND)) == MOST
