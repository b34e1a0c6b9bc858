"""What was worked on in a packed folder comes back as a branch, whole or not at all, and nobody's text is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.engines.bundle.edits import edits_of
from andon.errors import AndonError, ConflictError, UsageError
from andon.runs.goal import RunOptions
from andon.service.isolating import IsolateOptions
from andon.service.isolation_apply import Applied
from kit.clones import Clone
from kit.isolated import run_folder

TOTALS = "select\n  customer,\n  sum(amount) as amount\nfrom shop.orders\ngroup by customer\norder by customer\n"
FILES = {
    "andon.toml": "",
    "raw/orders.csv": "id,customer,amount\n1,ada,10.5\n2,ben,5\n",
    "sources/shop/orders.sql": "select * from read_csv('raw/orders.csv')\n",
    "datasets/marts/totals.sql": TOTALS,
    "datasets/marts/best.sql": "select max(amount) as most from marts.totals\n",
}
PATH = "datasets/marts/totals.sql"


@pytest.fixture
def shop(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "acme")
    clone.fill(FILES)
    clone.run()
    return clone


def packed(clone: Clone, name: str = "marts.totals", **options: int) -> Path:
    with clone.opened() as service:
        return Path(service.isolating.isolate(name, clone.root.parent / "packed", IsolateOptions(**options)).folder)


def edit(folder: Path, old: str, new: str, path: str = PATH) -> None:
    file = folder / "code" / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def applied(clone: Clone, folder: Path, *, looks: bool = False, **options: str) -> Applied:
    with clone.opened() as service:
        desk = service.isolation_apply
        return (desk.look if looks else desk.apply)(edits_of(folder), RunOptions(**options))


def text_on(clone: Clone, branch: str) -> str:
    with clone.opened() as service:
        return service.editing.open(PATH, branch).text


def test_an_edit_comes_back_as_a_branch_of_its_own_and_main_stays(shop):
    folder = packed(shop)
    edit(folder, "sum(amount)", "2 * sum(amount)")
    looked = applied(shop, folder, looks=True)
    assert (looked.branch, looked.files, looked.published) == ("isolate/marts.totals", (PATH,), False)
    assert looked.plan is not None
    with shop.opened() as service:
        assert service.workspace.lake.refs.find("isolate/marts.totals") is None
    found = applied(shop, folder)
    assert found.published
    assert found.plan is not None
    assert {step.dataset for step in found.plan.builds} == {"marts.totals", "marts.best"}
    assert "2 * sum(amount)" in text_on(shop, "isolate/marts.totals")
    assert text_on(shop, "main") == TOTALS
    with shop.opened() as service:
        rows = service.querying.ask("select amount from marts.totals order by 1", at="isolate/marts.totals").fetch()
        assert [float(amount) for (amount,) in rows] == [10.0, 21.0]
    # what it makes there is what came out in the folder
    with shop.opened() as service:
        again = service.isolating.isolate("marts.totals@isolate/marts.totals", shop.root.parent / "again")
    assert run_folder(Path(again.folder)).stdout.startswith("IDENTICAL")


def test_what_was_not_edited_and_what_is_there_already_is_nothing_to_do(shop):
    folder = packed(shop)
    assert applied(shop, folder) == Applied("marts.totals", "isolate/marts.totals")
    edit(folder, "sum(amount)", "2 * sum(amount)")
    assert applied(shop, folder).published
    assert applied(shop, folder) == Applied("marts.totals", "isolate/marts.totals")


def test_other_lines_that_others_changed_meanwhile_stay(shop):
    folder = packed(shop)
    shop.write(PATH, TOTALS.replace("order by customer", "order by customer desc"))
    shop.run()
    edit(folder, "sum(amount)", "2 * sum(amount)")
    found = applied(shop, folder)
    assert (found.merged, found.published) == ((PATH,), True)
    text = text_on(shop, "isolate/marts.totals")
    assert "2 * sum(amount)" in text
    assert "desc" in text


def test_where_others_changed_the_same_lines_nothing_is_done(shop):
    folder = packed(shop)
    shop.write(PATH, TOTALS.replace("sum(amount)", "3 * sum(amount)"))
    shop.run()
    edit(folder, "sum(amount)", "2 * sum(amount)")
    for looks in (True, False):
        with pytest.raises(ConflictError) as raised:
            applied(shop, folder, looks=looks)
        assert raised.value.code == "isolate.moved_on"
    with shop.opened() as service:
        assert service.workspace.lake.refs.find("isolate/marts.totals") is None
    assert "2 * sum(amount)" in (folder / "code" / PATH).read_text()


def test_a_dataset_that_is_gone_meanwhile_is_not_brought_back_by_the_way(shop):
    folder = packed(shop, "marts.best")
    shop.write("datasets/marts/best.sql", None)
    with shop.opened() as service:
        service.runs.run(RunOptions(drop=True, agreed="any"))
    edit(folder, "max", "min", "datasets/marts/best.sql")
    with pytest.raises(ConflictError) as raised:
        applied(shop, folder)
    assert raised.value.code == "isolate.moved_on"


def test_code_that_is_wrong_is_told_at_its_place_and_not_published(shop):
    folder = packed(shop)
    edit(folder, "sum(amount)", "sum(nope)")
    assert run_folder(folder).returncode == 2
    with pytest.raises(AndonError) as raised:
        applied(shop, folder)
    assert PATH in str(raised.value)
    with shop.opened() as service:
        assert service.workspace.lake.refs.find("isolate/marts.totals") is None


def test_what_no_stage_was_packed_into_or_another_lakes_is_refused(shop, tmp_path):
    folder = packed(shop)
    other = Clone(tmp_path / "other" / "acme")
    other.fill({**FILES, "datasets/marts/best.sql": "select 1 as one\n"})
    other.run()
    edit(folder, "sum(amount)", "2 * sum(amount)")
    for clone, place in ((other, folder), (shop, tmp_path)):
        with pytest.raises(UsageError) as raised:
            applied(clone, place)
        assert raised.value.code == "isolate.no_folder"
    (folder / "stage.json").write_text("[]")
    with pytest.raises(UsageError):
        applied(shop, folder)


# -- what a run did not publish


def test_what_a_run_failed_on_is_packed_and_what_mends_it_comes_back(shop):
    shop.write("datasets/marts/totals.sql", TOTALS.replace("sum(amount)", "sum(amount / (id - 1))::int"))
    shop.write(
        "sources/shop/orders.sql", "select id, customer::int as customer, amount from read_csv('raw/orders.csv')\n"
    )
    shop.run()
    folder = packed(shop, "shop.orders", run=2)
    done = run_folder(folder)
    assert done.returncode == 2
    assert "Could not convert string 'ada'" in done.stderr
    assert "it failed then, too" in done.stderr
    edit(folder, "customer::int as customer", "customer", "sources/shop/orders.sql")
    assert "MADE  shop.orders" in run_folder(folder).stdout
    assert "nothing to compare" in run_folder(folder).stdout


def test_a_dataset_that_failed_is_packed_with_the_inputs_of_that_run(shop):
    shop.write("sources/shop/orders.sql", "select id + 1 as id, customer, amount from read_csv('raw/orders.csv')\n")
    shop.write(
        "datasets/marts/totals.sql", "select customer, error('odd ' || id) as amount from shop.orders where id = 3\n"
    )
    shop.run()
    folder = packed(shop, run=2)
    done = run_folder(folder)
    assert done.returncode == 2
    assert "odd 3" in done.stderr
    edit(folder, "error('odd ' || id)", "id")
    assert run_folder(folder).returncode == 0
    assert applied(shop, folder, branch="mended").files == (PATH,)
    with shop.opened() as service, pytest.raises(AndonError) as raised:
        service.isolating.isolate("marts.best", shop.root.parent / "b", IsolateOptions(run=2))
    assert raised.value.code == "isolate.not_kept"


def test_what_a_check_holds_is_packed_as_the_run_made_it(shop):
    shop.write(PATH, f"/*---\nchecks: |\n  amount < 6\n---*/\n{TOTALS}")
    shop.run()
    folder = packed(shop, run=2)
    done = run_folder(folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("IDENTICAL  marts.totals at run:2 ")
