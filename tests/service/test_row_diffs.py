"""Rows that differ between two commits, on a real lake: by key, as whole rows, views, retyped columns, filters, hidden values."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from andon.errors import AndonError, UsageError
from andon.model.mask import MASK
from andon.model.row_diff import RowChange, RowCounts, RowDiff
from andon.model.version import Column, DataFile, Version
from andon.python.lake import Lake
from andon.relations.changed_files import different_files, files_apart
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.row_diffs import RowOptions
from kit.clones import Clone

CUSTOMERS = "id,mail,segment,amount\n1,a@x,new,1.5\n2,b@x,new,2.5\n3,c@x,old,3.5\n4,d@x,old,4.5\n"
SOURCE = "/*---\nkey: id\ncolumns: {mail: {pii: true}}\n---*/\nselect * from read_csv('raw/customers.csv')\n"
MART = "/*---\nkey: id\ncolumns: {mail: {pii: true}}\n---*/\nselect id, mail, segment, amount from shop.customers\n"


@pytest.fixture
def lake(tmp_path) -> Clone:
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    clone.write("raw/customers.csv", CUSTOMERS)
    clone.write("sources/shop/customers.sql", SOURCE)
    clone.write("datasets/marts/value.sql", MART)
    clone.write(
        "datasets/marts/segments.sql", "select segment, count(*) as n from shop.customers group by 1 order by 1\n"
    )
    clone.write(
        "datasets/marts/mail.sql", "/*---\nmaterialize: view\nkey: id\n---*/\nselect id, amount from marts.value\n"
    )
    clone.run()
    return clone


def changed(lake: Clone, **files: str) -> str:
    """Run another state of the folder on the branch `try`; gives the run's ref, which is there even if a check holds it."""
    for name, text in files.items():
        lake.write(
            {"raw": "raw/customers.csv", "source": "sources/shop/customers.sql", "mart": "datasets/marts/value.sql"}[
                name
            ],
            text,
        )
    return f"run:{lake.run(branch='try').run}"


def rows(lake: Clone, *datasets: str, a: str = "main", b: str = "try", **options) -> list[RowDiff]:
    with closing(lake.open()) as service:
        return list(service.row_diffs.rows(a, b, datasets, RowOptions(**options)))


def require_turned(lake: Clone, dataset: str) -> None:
    """What was counted from one side is what the other side counts itself."""
    (known,) = rows(lake, dataset, samples=0)
    (back,) = rows(lake, dataset, a="try", b="main", samples=0)
    (counted,) = rows(lake, dataset, a="try", b="main", samples=1)  # reads the rows
    for found in (back, known.turned()):
        assert (found.key, found.rows, set(found.names)) == (counted.key, counted.rows, set(counted.names))
        columns = {c.name: (c.changed, c.filled, c.emptied) for c in counted.columns}
        assert {c.name: (c.changed, c.filled, c.emptied) for c in found.columns} == columns
        assert (set(found.columns_added), set(found.columns_removed)) == (
            set(counted.columns_added),
            set(counted.columns_removed),
        )
        assert (set(found.renamed), set(found.retyped)) == (set(counted.renamed), set(counted.retyped))


NEW = "id,mail,segment,amount\n1,a@x,new,1.5\n3,c@x,vip,3.5\n2,z@x,vip,\n5,secret@x,new,9\n"


def test_rows_are_paired_by_key_whatever_their_order(lake):
    changed(lake, raw=NEW)
    (found,) = rows(lake, "marts.value")
    assert found.key == ("id",)
    assert found.rows == RowCounts(added=1, removed=1, changed=2)
    assert {c.name: c.changed for c in found.columns} == {"segment": 2, "mail": 1, "amount": 1}
    segment = found.columns[0]
    assert {(p.old, p.new, p.rows) for p in segment.pairs} == {("new", "vip", 1), ("old", "vip", 1)}
    amount = next(c for c in found.columns if c.name == "amount")
    assert (amount.emptied, amount.sum, amount.largest) == (1, None, None)
    assert [(str(s.change), (s.new or s.old)[0], s.changed) for s in found.samples] == [
        ("changed", 2, ("mail", "segment", "amount")),
        ("changed", 3, ("segment",)),
        ("added", 5, ()),
        ("removed", 4, ()),
    ]


def test_without_a_key_whole_rows_are_counted(lake):
    changed(lake, raw=NEW)
    (found,) = rows(lake, "marts.segments")
    assert (found.key, found.rows, found.columns) == ((), RowCounts(added=1, removed=1), ())
    assert [(str(s.change), s.new or s.old) for s in found.samples] == [("added", ("vip", 2)), ("removed", ("old", 2))]


def test_a_view_is_run_on_both_sides(lake):
    changed(lake, raw=NEW)
    (found,) = rows(lake, "marts.mail")
    assert (found.key, found.rows) == (("id",), RowCounts(added=1, removed=1, changed=1))


def test_all_that_differ_without_values_and_what_is_large_is_left_out(lake):
    changed(lake, raw=NEW)
    with closing(lake.open()) as service:
        a, b = (service.workspace.lake.refs.resolve(r) for r in ("main", "try"))
        (skipped,) = service.row_diffs.summary(a, b, ["marts.value"], limit_bytes=10)
        assert skipped.skipped is not None
        assert skipped.to_json()["rows"] is None
        found = {f.dataset: f for f in service.row_diffs.summary(a, b)}
        assert {d: f.rows.total for d, f in found.items()} == {
            "marts.mail": 3, "marts.segments": 2, "marts.value": 4, "shop.customers": 4,
        }  # fmt: skip
        assert all(not f.samples and all(c.largest is None and not c.pairs for c in f.columns) for f in found.values())
        assert service.row_diffs.summary(a, b, ["marts.value"], limit_bytes=10) == (found["marts.value"],)
        assert service.row_diffs.summary(a, b, []) == ()
        assert service.row_diffs.summary(a, a) == ()


def without_files(lake: Clone, ref: str, *datasets: str) -> None:
    """Take the data files of `datasets` at `ref` away, so that whoever reads them fails."""
    with closing(lake.open()) as service:
        leaves = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve(ref)).leaves
        for name in datasets:
            for version in service.workspace.lake.objects.versions([leaves[name].version]).values():
                for file in version.files:
                    Path(service.workspace.lake.storage.engine_path(file.path)).unlink(missing_ok=True)


def test_what_was_counted_once_is_known_and_no_row_is_read_again(lake):
    changed(lake, raw=NEW)
    first = {f.dataset: f for f in rows(lake, samples=0)}
    without_files(lake, "try", "shop.customers", "marts.value", "marts.segments")
    assert {f.dataset: f for f in rows(lake, samples=0)} == first
    with closing(lake.open()) as service:
        a, b = (service.workspace.lake.refs.resolve(r) for r in ("main", "try"))
        assert service.row_diffs.known(a, b, ["marts.value", "marts.nothing"]) == {"marts.value": first["marts.value"]}
        assert service.row_diffs.known(b, a, ["marts.value"]) == {"marts.value": first["marts.value"].turned()}


@pytest.mark.parametrize("options", [{"samples": 5}, {"samples": 0, "where": "id > 1"}])
def test_samples_and_conditions_read_the_rows_though_their_counts_are_known(lake, options):
    changed(lake, raw=NEW)
    rows(lake, samples=0)
    without_files(lake, "try", "marts.value")
    with pytest.raises(AndonError) as caught:
        rows(lake, "marts.value", **options)
    assert caught.value.code == "lake.corrupt"


def test_of_a_diff_with_samples_the_counts_are_kept_and_no_value(lake):
    changed(lake, raw=NEW, mart=MART.replace("columns: {mail: {pii: true}}\n", ""))
    (shown,) = rows(lake, "marts.segments")
    assert shown.samples
    rows(lake, "marts.value", where="id > 1")
    with closing(lake.open()) as service:
        kept = service.workspace.lake.database.query("select body from fact where kind like 'rows:%'")
        assert len(kept) == 1
        assert all(value not in body for (body,) in kept for value in ("vip", "@x"))
    (known,) = rows(lake, "marts.segments", samples=0)
    assert (known.rows, known.samples) == (shown.rows, ())


def test_another_key_is_another_answer(lake):
    changed(lake, raw=NEW)
    (by_id,) = rows(lake, "marts.value", samples=0)
    lake.write("datasets/marts/value.sql", MART.replace("key: id\n", ""))
    lake.run(branch="try")
    lake.write("datasets/marts/value.sql", MART.replace("key: id", "key: mail"))
    lake.run(branch="try")
    (by_mail,) = rows(lake, "marts.value", samples=0)
    assert (by_id.key, by_mail.key) == (("id",), ("mail",))
    assert by_id.rows != by_mail.rows


def test_values_marked_pii_are_shown_nowhere(lake, tmp_path):
    changed(lake, raw=NEW, mart=MART.replace("columns: {mail: {pii: true}}\n", ""))
    output = tmp_path / "differences.parquet"
    (found,) = rows(lake, "marts.value", output=output)
    assert "@x" not in json.dumps(found.to_json())
    assert found.samples[0].old[1] == found.samples[0].new[1] == MASK
    assert next(c for c in found.columns if c.name == "mail").masked
    import duckdb

    columns = [r[0] for r in duckdb.sql(f"describe from '{output}'").fetchall()]
    assert columns == ["_change", "id", "mail__changed", "segment__old", "segment__new", "amount__old", "amount__new"]
    for samples in (20, 0):
        with pytest.raises(UsageError) as caught:
            rows(lake, "marts.value", where="mail::int > 1", samples=samples)
        assert "@x" not in str(caught.value.to_json())


def test_a_filter_takes_rows_that_satisfy_it_before_or_after(lake, tmp_path):
    changed(lake, raw=NEW, mart=MART.replace("amount from", "amount, amount * 2 as twice from"))
    (found,) = rows(lake, "marts.value", where="segment = 'old'")
    assert found.rows == RowCounts(removed=1, changed=1)
    assert found.columns_added == ("twice",)
    (found,) = rows(lake, "marts.value", where="twice > 10 -- a column of one side only")
    assert found.rows == RowCounts(added=1)
    for wrong, code in (
        ("true) union select (true", "usage.not_one_select"),
        ("id in (select id from shop.customers)", "usage.not_one_select"),
        ("segmen = 'old'", "usage.query_failed"),
        ("sum(id) > 1", "usage.query_failed"),
    ):
        with pytest.raises(UsageError) as caught:
            rows(lake, "marts.value", where=wrong)
        assert caught.value.code == code


def test_columns_moved_retyped_added_and_removed(lake):
    text = MART.replace("columns: {mail: {pii: true}}\n", "")
    changed(
        lake, mart=text.replace("id, mail, segment, amount", "segment, amount::decimal(9,2) as amount, 1 as one, id")
    )
    (found,) = rows(lake, "marts.value")
    assert found.rows.total == 0
    assert found.names == ("id", "segment", "amount")
    assert found.retyped == (("amount", "DOUBLE", "DECIMAL(9,2)", "DOUBLE"),)
    assert (found.columns_added, found.columns_removed) == (("one",), ("mail",))
    assert not found.is_equal
    require_turned(lake, "marts.value")


def test_a_key_that_is_not_unique_or_null_is_told(lake):
    held = changed(
        lake, raw="id,mail,segment,amount\n1,a@x,new,1.5\n1,a@x,new,7\n2,b@x,new,2.6\n3,c@x,old,3.5\n,q@x,old,4.5\n"
    )
    (found,) = rows(lake, "shop.customers", b=held)
    # Row 1 is still there, and its twin is one more; the row without a key is no change of another.
    assert found.rows == RowCounts(added=2, removed=1, changed=1)
    assert found.notes == ("the key (id) is NULL in 1 row that differs: compared as whole rows",)
    held = changed(
        lake, raw="id,mail,segment,amount\n1,a@x,new,8\n1,a@x,new,7\n2,b@x,new,2.5\n3,c@x,old,3.5\n4,d@x,old,4.5\n"
    )
    (found,) = rows(lake, "shop.customers", b=held)
    assert found.rows == RowCounts(added=2, removed=1)
    assert found.notes == ("the key (id) is not unique in 3 rows that differ: compared as whole rows",)


def test_a_key_that_one_side_lacks_falls_back(lake):
    lake.write("datasets/marts/mail.sql", None)
    changed(lake, mart=MART.replace("key: id", "key: number").replace("id, mail", "id as number, mail"))
    (found,) = rows(lake, "marts.value")
    assert found.key == ()
    assert found.notes == ("the key (number) is not on both sides: compared as whole rows",)


def test_a_dataset_on_one_side_only_and_one_that_is_equal(lake, tmp_path):
    lake.write("datasets/marts/fresh.sql", "select id from shop.customers\n")
    lake.run(branch="try")
    fresh, equal = rows(lake, "marts.fresh", "marts.value")
    assert (fresh.rows, len(fresh.samples)) == (RowCounts(added=4), 4)
    assert equal.is_equal
    assert rows(lake, "marts.fresh", a="try", b="main")[0].rows == RowCounts(removed=4)
    assert rows(lake, "marts.fresh", samples=0)[0].rows == RowCounts(added=4)
    with pytest.raises(AndonError, match="nothing to write"):
        rows(lake, "marts.value", output=tmp_path / "x.parquet")
    with pytest.raises(UsageError) as caught:
        rows(lake, "marts.valeu")
    assert (caught.value.code, caught.value.hint) == ("lake.dataset_not_found", "did you mean `marts.value`?")


def test_a_data_file_that_is_gone_is_named(lake):
    changed(lake, raw=NEW)
    with closing(lake.open()) as service:
        leaf = service.workspace.lake.commits.state(service.workspace.lake.refs.resolve("try")).leaves["marts.value"]
        (file,) = service.workspace.lake.objects.versions([leaf.version])[leaf.version].files
        Path(service.workspace.lake.storage.engine_path(file.path)).unlink(missing_ok=True)
    with pytest.raises(AndonError) as caught:
        rows(lake, "marts.value")
    assert caught.value.code == "lake.corrupt"


def test_equal_files_of_both_sides_are_not_read():
    def version(*shas: str) -> Version:
        return Version("v", "a.b", (Column("x", "BIGINT", 1),), tuple(DataFile(s, 1, s, 1) for s in shas))

    old, new = different_files(version("a", "b", "b", "c"), version("c", "b", "d"))
    assert [[f.sha256 for f in files] for files in (old, new)] == [["a", "b"], ["d"]]
    assert [len(files) for files in different_files(None, version("a"))] == [0, 1]


def test_in_order_only_the_ends_that_both_have_are_left_out():
    def files(text: str) -> list[DataFile]:
        return [DataFile(sha, 1, sha, 1) for sha in text]

    for old, new, left in [
        ("abcd", "abxd", "c|x"),
        ("ab", "ab", "|"),
        ("ab", "ba", "ab|ba"),
        ("aa", "aaa", "|a"),
        ("", "a", "|a"),
    ]:
        sides = files_apart(files(old), files(new))
        assert "|".join("".join(file.path for file in side) for side in sides) == left


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        ("a b", "ab", "|"),
        ("ab c", "a bc", "|"),
        ("ab ab", "a a b b", "|"),
        ("ab", "a", "ab|a"),
        ("ab c", "a c d", "ab|a d"),
        ("ab cd", "a b c e", "cd|c e"),
        ("a b", "ab ab", "a b|ab ab"),
        ("ab bc", "a b b c", "|"),
        ("ab bc", "a b c", "ab bc|a b c"),
    ],
)
def test_files_that_were_put_together_are_not_read(old: str, new: str, left: str):
    def version(files: str) -> Version:
        made = (DataFile(f, 1, f, 1, packed=tuple(f) if len(f) > 1 else ()) for f in files.split())
        return Version("v", "a.b", (Column("x", "BIGINT", 1),), tuple(made))

    for one, other, told in ((old, new, left), (new, old, "|".join(reversed(left.split("|"))))):
        sides = different_files(version(one), version(other))
        assert "|".join(" ".join(f.path for f in files) for files in sides) == told


def test_the_whole_difference_carries_rows(lake):
    changed(lake, raw=NEW)
    with closing(lake.open()) as service:
        document = service.history.diff_rows("main", "try", ["marts.value"]).to_json()
        (only,) = document["datasets"]
        assert only["rows"] == {"a": 4, "b": 4, "added": 1, "removed": 1, "changed": 2}
        assert only["columns"] == {"segment": 2, "mail": 1, "amount": 1}
        every = service.history.diff_rows("main", "try").to_json()["datasets"]
        assert all({"added", "removed", "changed"} <= d["rows"].keys() for d in every)
    assert RowChange.ADDED in {s.change for s in rows(lake, "marts.value")[0].samples}


def test_schema_history_tells_each_change_of_columns_and_nothing_else(lake):
    lake.write("raw/customers.csv", NEW)
    lake.run()
    lake.write("datasets/marts/value.sql", MART.replace("amount from", "amount::decimal(9,2) as amount, 1 as one from"))
    lake.run()
    lake.undo()
    lake.write("datasets/marts/value.sql", None)
    lake.write("datasets/marts/mail.sql", None)
    with closing(lake.open()) as service:
        service.runs.run(RunOptions(drop=True, agreed=ANY_PLAN))
        found = service.history.schema_log("marts.value")
        assert [(c.change, c.undone, str(c.commit.kind)) for c in found] == [
            ("removed", False, "change"),
            ("changed", False, "undo"),
            ("changed", True, "change"),
            ("added", False, "change"),
        ]
        assert found[2].lines == ("+ one INTEGER", "~ amount DOUBLE -> DECIMAL(9,2)")
        assert found[-1].columns == (
            ("id", "BIGINT"),
            ("mail", "VARCHAR"),
            ("segment", "VARCHAR"),
            ("amount", "DOUBLE"),
        )
        assert len(service.history.schema_log("marts.value", limit=2)) == 2
        with pytest.raises(UsageError):
            service.history.schema_log("marts.valeu")


def test_from_python(lake, tmp_path):
    changed(lake, raw=NEW)
    with Lake(lake.open()) as opened:
        (found,) = opened.diff("main", "try", rows="marts.value", where="segment = 'vip'", limit=1).rows
        assert (found.rows, len(found.samples)) == (RowCounts(changed=2), 1)
        assert {f.dataset for f in opened.diff("main", "try", rows=True).rows} >= {"marts.value", "marts.segments"}
        assert opened.diff("main", "try").rows is None
        output = tmp_path / "rows.parquet"
        assert opened.diff("main", "try", rows=["marts.value"], output=output).rows[0].output == str(output)
        assert [c.change for c in opened.schema_log("marts.value")] == ["added"]
        with pytest.raises(ValueError):
            opened.diff("main", "try", where="true")


RENAMED = (
    "/*---\nkey: nr\ncolumns: {nr: {was: id}, revenue: {was: amount}}\n---*/\n"
    "select id as nr, mail, segment, CASE as revenue from shop.customers\n"
)


@pytest.mark.parametrize("how", ["declared", "by its old name", "whole rows"])
def test_a_value_that_changed_behind_a_rename_is_told(lake, how):
    lake.write("datasets/marts/mail.sql", None)  # it reads a name that is gone
    text = RENAMED.replace("CASE", "case when id = 2 then 100 else amount end")
    if how == "by its old name":
        text = text.replace("key: nr\n", "")
    if how == "whole rows":
        lake.write("datasets/marts/value.sql", MART.replace("key: id\n", ""))
        lake.run()
        text = text.replace("key: nr\n", "")
    changed(lake, mart=text)
    (found,) = rows(lake, "marts.value")
    assert found.renamed == (("id", "nr"), ("amount", "revenue"))
    assert (found.columns_added, found.columns_removed) == ((), ())
    if how == "whole rows":
        assert (found.key, found.rows) == ((), RowCounts(added=1, removed=1))
    else:
        assert (found.key, found.rows) == (("nr",), RowCounts(changed=1))
        assert [(c.name, c.changed, c.sum) for c in found.columns] == [("revenue", 1, 97.5)]
    (summary,) = rows(lake, "marts.value", samples=0)
    assert (summary.rows, summary.renamed) == (found.rows, found.renamed)
    assert rows(lake, "marts.value", samples=0) == [summary]  # as it was kept
    require_turned(lake, "marts.value")


def test_a_condition_names_a_renamed_column_by_either_name(lake):
    lake.write("datasets/marts/mail.sql", None)
    changed(lake, mart=RENAMED.replace("CASE", "amount + 1"))
    for condition in ("amount = 3.5", "revenue = 3.5"):  # that of 2 is so after, that of 3 was so before
        (found,) = rows(lake, "marts.value", where=condition)
        assert found.rows == RowCounts(changed=2), condition


def test_what_was_personal_under_its_old_name_is_not_shown(lake):
    lake.write("datasets/marts/mail.sql", None)
    text = RENAMED.replace("mail, segment, CASE", "upper(mail) as contact, segment, amount").replace(
        "columns: {", "columns: {contact: {was: mail}, "
    )
    changed(lake, mart=text)
    (found,) = rows(lake, "marts.value")
    (contact,) = found.columns
    assert (contact.name, contact.changed, contact.masked, contact.pairs) == ("contact", 4, True, ())
    assert all(MASK in (s.new or ()) and "A@X" not in (s.new or ()) for s in found.samples)


def test_names_that_were_exchanged_are_paired_by_what_they_hold(lake):
    changed(
        lake,
        mart=MART.replace("columns: {", "columns: {amount: {was: id}, id: {was: amount}, ")
        .replace("select id, mail, segment, amount", "select amount as id, mail, segment, id as amount")
        .replace("key: id\n", ""),
    )
    (found,) = rows(lake, "marts.value")
    assert (found.key, found.rows.total) == (("amount",), 0)
    assert found.renamed == (("id", "amount"), ("amount", "id"))
