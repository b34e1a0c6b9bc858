"""What a publish of several files brought is undone together: one corrected file lets the rest pass, and several are accepted at once."""

from __future__ import annotations

import pytest

from andon.errors import UsageError
from kit.clones import Clone, did

STAGED = "datasets/staging/o.sql"
MART = "datasets/marts/of_o.sql"
OTHER = "datasets/marts/other.sql"
JUNE, JULY = "raw/orders_06.csv", "raw/orders_07.csv"


def month(*amounts: int) -> str:
    return "id,customer,amount\n" + "".join(f"{i},ada,{amount}\n" for i, amount in enumerate(amounts))


@pytest.fixture
def undone(project) -> Clone:
    """A new dataset, one over it, a macro and one that uses it, published at once and undone."""
    project.run()
    project.write("macros/m.sql", "create macro twice(x) as 2 * x;\n")
    project.write(STAGED, "select id, twice(amount) as amount from shop.orders\n")
    project.write(MART, "select sum(amount) as wrong from staging.o\n")
    project.write(OTHER, "select count(*) as n from staging.o\n")
    project.run()
    project.undo()
    return project


def test_a_corrected_file_lets_the_rest_of_its_publish_pass(undone):
    undone.write(MART, "select sum(amount) as total from staging.o\n")
    (line,) = [line for line in undone.plan().notices if "corrected" in line]
    assert line.startswith(f"{MART} was corrected")
    assert STAGED in line
    result = undone.run()
    assert result.published
    assert {"staging.o", "marts.of_o", "marts.other"} <= undone.leaves().keys()
    assert undone.ask("select total from marts.of_o") == [(70,)]
    assert undone.rejected() == {MART}
    assert did(undone.run()) == {}


def test_a_comment_corrects_nothing(undone):
    undone.write(OTHER, "-- so be it\nselect count(*) as n from staging.o\n")
    assert did(undone.run()) == {}
    assert len(undone.rejected()) == 4


def test_of_two_undos_only_the_one_that_is_corrected_is_lifted(undone):
    undone.accept(".")
    undone.run()
    undone.write(OTHER, "select 2 * count(*) as n from staging.o\n")
    undone.run()
    undone.undo()
    undone.write("datasets/marts/more.sql", "select 1 as one\n")
    undone.run()
    undone.undo()
    assert undone.rejected() == {OTHER, "datasets/marts/more.sql"}
    undone.write("datasets/marts/more.sql", "select 2 as two\n")
    assert did(undone.run()) == {"marts.more": "build"}
    assert undone.ask("from marts.other") == [(3,)]


def test_what_is_published_in_part_is_lifted_whole(undone):
    undone.write(MART, "select sum(amount) as total from staging.o\n")
    undone.run("marts.of_o")
    assert "marts.other" not in undone.leaves()
    undone.run()
    assert "marts.other" in undone.leaves()


@pytest.mark.parametrize("corrected", [month(1), None])
def test_a_good_month_comes_when_the_bad_one_is_corrected_or_removed(project, corrected):
    project.run()
    project.write(JUNE, month(1000))
    project.write(JULY, month(7))
    project.run()
    project.undo()
    assert did(project.refresh()) == {"shop.orders": "keep"}
    project.write(JUNE, corrected)
    assert project.refresh().published
    assert project.ask("select sum(amount) from shop.orders") == [(42 + (corrected is not None),)]
    assert did(project.refresh()) == {}


def test_a_folder_that_never_had_the_months_lifts_nothing(shared):
    ana, ben = shared
    ana.write(JUNE, month(1000))
    ana.write(JULY, month(7))
    ana.run()
    ana.undo()
    assert did(ben.refresh()) == {}
    assert ana.rejected() == {JUNE, JULY}


def test_several_are_accepted_as_one_commit(undone):
    before = undone.head()
    undone.accept(STAGED, "macros")
    assert undone.head().parent == before.id
    assert undone.rejected() == {MART, OTHER}
    with pytest.raises(UsageError) as caught:
        undone.accept(MART, STAGED)
    assert (caught.value.code, caught.value.where) == ("usage.bad_argument", STAGED)
    assert undone.rejected() == {MART, OTHER}
    undone.accept(".")
    assert undone.rejected() == set()
    undone.run()
    assert undone.ask("select wrong from marts.of_o") == [(70,)]
