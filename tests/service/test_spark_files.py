"""What Spark wrote is published as it is, where nothing of it need be other; the lake does not notice, and the build says why where not."""

from __future__ import annotations

import pytest

from andon.engines.spark import taking
from andon.engines.spark.footer import NotFlat
from andon.errors import MachineError
from kit.clones import FILES, Clone, closing
from kit.readers.here import DuckDb, PyIceberg
from kit.readers.shown import require_same, shown_at
from kit.spark_projects import spark_settings

TOTALS = "datasets/marts/totals.sql"
PLAIN = "select customer, sum(amount) as amount from shop.orders group by customer\n"


def front(more: str = "") -> str:
    return f"/*---\nengine: spark\n{more}---*/\n"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    monkeypatch.setattr(taking, "_FEW_BYTES", 0)
    monkeypatch.setattr(taking, "_SMALL_FILE", 0)
    made = Clone(tmp_path)
    made.fill({**FILES, "andon.toml": spark_settings(), TOTALS: front() + PLAIN})
    many = "".join(f"{number},c{number},1\n" for number in range(10, 500))
    made.write("raw/orders_05.csv", f"{FILES['raw/orders_05.csv']}{many}")
    return made


def built(clone):
    """The version of the totals, and what its build says of the engine."""
    with closing(clone.open()) as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.resolve("main")).leaves["marts.totals"]
        version = lake.objects.versions([leaf.version])[leaf.version]
        return version, lake.objects.builds([leaf.build])[leaf.build].engine


def test_it_is_a_version_as_any_other(clone):
    clone.write(TOTALS, front("key: customer\nchecks: |\n  amount 1..20\n  rows = 492\n") + PLAIN)
    result = clone.run()
    assert result.published
    version, engine = built(clone)
    assert (engine["name"], engine["compared"]) == ("spark", "the same rows as duckdb gives")
    assert "writer" not in engine
    assert (version.rows, [column.name for column in version.columns]) == (492, ["customer", "amount"])
    assert {check.how for check in result.checks} == {
        "scan",
        "proof",
    }  # what the footers tell proves as what DuckDB tells
    assert clone.run().run is None
    assert clone.ask("select count(*), sum(amount) from marts.totals") == [(492, 525)]
    with closing(clone.open()) as service:
        assert not service.verifying.verify().damaged
        assert str(service.reproducing.reproduce("marts.totals").verdict) in ("identical", "equal")
    clone.write(TOTALS, f"{front()}select customer, sum(amount) + 1 as amount from shop.orders group by customer\n")
    clone.run()
    clone.undo()
    assert built(clone)[0] == version


@pytest.mark.parametrize("reader", [DuckDb, PyIceberg])
def test_other_tools_read_it(clone, reader):
    clone.run()
    with closing(clone.open()) as service:
        (shown,) = [each for each in shown_at(service, "main") if each.dataset == "marts.totals"]
    require_same(reader(), shown)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (front("sort: customer\n") + PLAIN, "rows are sorted, or parted"),
        (
            front("partition: customer\n") + PLAIN.replace("\n", " having sum(amount) > 10\n"),
            "rows are sorted, or parted",
        ),
        (front("checks: |\n  amount > 0 quarantine 5 rows\n") + PLAIN, "rows are set aside"),
        (front() + PLAIN.replace("sum(amount)", "[customer]"), "`amount` is nested"),
    ],
)
def test_duckdb_writes_what_must_be_other_and_says_why(clone, text, why):
    clone.write(TOTALS, text)
    clone.write("datasets/marts/best.sql", "select 1 as n\n")
    assert clone.run().published
    _, engine = built(clone)
    assert engine["written_again"] == why
    assert engine["writer"]["name"] == "duckdb"


def test_a_result_that_is_small_or_in_small_files_is_written_in_one(clone, monkeypatch):
    monkeypatch.setattr(taking, "_SMALL_FILE", 10**9)
    clone.write(TOTALS, front() + "select id, customer, amount from shop.orders\n")
    clone.write("datasets/marts/best.sql", "select 1 as n\n")
    monkeypatch.setattr(taking, "_FEW_BYTES", 10**9)
    clone.run()
    version, engine = built(clone)
    assert (engine["written_again"], len(version.files)) == ("it is small", 1)


def test_a_file_of_another_form_is_written_again(clone, monkeypatch):
    def other(*_):
        raise NotFlat

    monkeypatch.setattr(taking, "renamed_footer", other)
    clone.run()
    assert built(clone)[1]["written_again"] == "its footers are of another form"


def test_what_fails_while_it_is_taken_leaves_nothing(clone, monkeypatch):
    def failing(*_):
        raise OSError(28, "No space left on device")

    clone.run()
    files = sorted((clone.root / ".andon").rglob("*.parquet"))
    monkeypatch.setattr(taking, "rename_columns", failing)
    with pytest.raises(MachineError):
        clone.run("marts.totals", force=True)
    assert sorted((clone.root / ".andon").rglob("*.parquet")) == files
    assert list((clone.root / ".andon").rglob("*.part")) == []
