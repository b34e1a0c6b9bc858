"""Checks of what Spark builds run there, where what they read is past the limit; the record tells where each ran."""

from __future__ import annotations

import pytest

from kit.clones import FILES, ORDERS, Clone, checked_totals, closing
from kit.connect import ConnectServer
from kit.spark_projects import spark_settings

CHECKS = "key customer\n  amount > 0\n  sum(amount) > 10\n  customer is luhn allow 100%\n  customer -> shop.orders.customer\n  rows = 2"


def config(above: str, url: str | None = None) -> str:
    return spark_settings(url, f"above = {above}", patience="2s")


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path)
    made.fill({**FILES, "andon.toml": config("1"), "datasets/marts/totals.sql": checked_totals(CHECKS)})
    return made


def ran(result):
    return {check.label: check.ran for check in result.checks}


class TestWhereChecksRun:
    def test_past_the_limit_on_spark_and_what_has_no_translation_on_duckdb(self, clone):
        result = clone.run()
        assert result.published
        assert {check.status for check in result.checks} == {"pass"}
        luhn = ran(result).pop("customer is luhn allow 100%")
        assert luhn.startswith("duckdb, not spark: not known to mean the same there: ")
        assert set(ran(result).values()) == {"spark", None, luhn}  # of `rows` and what the write told nothing runs
        assert ran(result)["rows = 2"] is None
        assert ran(result)["sum(amount) > 10"] == "spark"
        with closing(clone.open()) as service:
            again = {check.label: check.ran for check in service.checks.run().results}
        assert again == ran(result)

    def test_below_the_limit_on_duckdb(self, clone):
        clone.write("andon.toml", config('"1GB"'))
        clone.write("datasets/marts/totals.sql", checked_totals(CHECKS, "engine: spark\n"))
        assert set(ran(clone.run()).values()) == {None}

    def test_what_fails_there_shows_the_rows_that_fail(self, clone):
        clone.write("datasets/marts/totals.sql", checked_totals("amount > 15\n  unique amount\n  customer in ben"))
        failed = {check.label: check for check in clone.run().checks}
        assert (failed["amount > 15"].ran, failed["amount > 15"].bad) == ("spark", 1)
        assert failed["amount > 15"].samples.by_name() == [{"customer": "ada", "amount": "15"}]
        assert failed["customer in ben"].samples.by_name() == [{"customer": "ada", "amount": "15"}]
        assert failed["unique amount"].status == "pass"

    def test_an_endpoint_that_is_away_is_told_and_duckdb_answers(self, clone):
        with_away = ConnectServer()
        clone.write("andon.toml", config("1", with_away.url))
        clone.run()
        with_away.stop()
        clone.write("datasets/marts/totals.sql", checked_totals("amount + 1 > 1\n  amount + 2 > 2"))
        found = ran(clone.run())
        assert found == dict.fromkeys(found, "duckdb, not spark: it does not answer")

    def test_the_sql_that_spark_is_asked_is_shown(self, clone):
        clone.run()
        with closing(clone.open()) as service:
            shown = {each.label: (each.how, each.sql) for each in service.checks.sql(("marts.totals",))}
        how, sql = shown["sum(amount) > 10"]
        assert how == "spark"
        assert "decimal(38,0)" in sql
        assert shown["rows = 2"][0] == "proof"

    def test_rules_of_files_macros_views_and_the_published_version_are_asked_there_too(self, clone):
        clone.fill(
            {
                "macros/m.sql": "create macro plus(x) as x + 1;\n",
                "checks/no_debts.sql": "select * from marts.totals where plus(amount) < 1\n",
                "datasets/marts/names.sql": "/*---\nmaterialize: view\n---*/\nselect distinct customer as name from shop.orders\n",
                "datasets/marts/totals.sql": checked_totals(
                    "plus(amount) > 2\n  customer -> marts.names.name\n  sum(amount) >= 50% of published\n  lost keys = 0",
                    "key: customer\n",
                ),
            }
        )
        clone.run()
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,ben,-1\n")
        result = clone.run()
        assert {check.status for check in result.checks} == {"pass"}
        assert set(ran(result).values()) == {"spark"}, ran(result)

    def test_a_column_marked_personal_shows_nothing(self, clone):
        personal = "columns:\n  customer:\n    pii: true\n"
        clone.write("datasets/marts/totals.sql", checked_totals("customer::int > 0 warn", personal))
        (check,) = clone.run().checks
        assert check.ran == "duckdb, not spark: it failed there"
        assert "ada" not in str(check.document())


class TestWhereRowsAreCompared:
    def test_past_the_limit_spark_finds_which_rows_differ(self, clone):
        clone.write("datasets/marts/totals.sql", checked_totals("amount > 0", "key: customer\n"))
        many = "".join(f"{number},c{number},1\n" for number in range(10, 20))
        clone.write("raw/orders_05.csv", f"{ORDERS}{many}")
        clone.run()
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,ben,1\n5,cleo,7\n")
        clone.run()
        found, here = self.rows(clone, "1"), self.rows(clone, '"1GB"')
        assert found.notes == ("spark found which rows differ",)
        assert here.notes == ()
        assert found.document().samples == here.document().samples
        assert (found.rows, found.columns) == (here.rows, here.columns)
        assert (found.rows.added, found.rows.changed) == (1, 1)
        assert list((clone.root / ".andon").rglob("*.part")) == []

    def test_what_it_can_not_say_duckdb_finds_and_tells_why(self, clone):
        listed = (
            "select customer, list(amount order by amount) as amounts, 'a' as b from shop.orders group by customer\n"
        )
        clone.write("datasets/marts/totals.sql", listed)
        clone.write("datasets/marts/best.sql", "select customer from marts.totals\n")
        clone.run()
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,ben,1\n5,cleo,7\n")
        clone.run()
        (note,) = self.rows(clone, "1").notes
        assert note.startswith("duckdb found which rows differ, not spark: not known to mean the same there: ")

    def rows(self, clone, above):
        clone.write("andon.toml", config(above))
        with closing(clone.open()) as service:
            head = service.workspace.lake.refs.resolve("main")
            (found,) = service.row_diffs.rows(head.parent, head.id, ("marts.totals",))
            return found
