"""A query saved as a dataset: just that file is published, the folder follows, and nobody's edit is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from andon.base.record import replace
from andon.errors import AndonError
from andon.runs.goal import ANY_PLAN, PlanUnconfirmed, RunOptions
from andon.service.saved_texts import ToSave
from andon.workspace.caller import Caller
from kit.clones import Clone

AGREED = RunOptions(agreed=ANY_PLAN)
TOP = "select customer, amount\nfrom marts.totals\norder by amount desc\nlimit 1"
PATH = "datasets/marts/top.sql"


@pytest.fixture
def acme(project) -> Clone:
    project.run()
    return project


def save(clone: Clone, name: str = "marts.top", sql: str | None = TOP, options: RunOptions = AGREED, **said):
    with clone.opened() as service:
        return service.saving.save(ToSave(name, sql, **said), options)


def refused(clone: Clone, *args, **said) -> AndonError:
    before, folder = clone.head(), {p: clone.read(p) for p in files(clone)}
    with pytest.raises(AndonError) as raised:
        save(clone, *args, **said)
    assert clone.head() == before
    assert {p: clone.read(p) for p in files(clone)} == folder
    return raised.value


def files(clone: Clone) -> list[str]:
    return [str(p.relative_to(clone.root)) for p in clone.root.rglob("*") if p.is_file() and ".andon" not in p.parts]


def test_what_it_would_be_is_told_before_anything_is_published(acme):
    wanted = ToSave("marts.sums", "select id, amount * 2 as twice from shop.orders")
    with acme.opened() as service:
        seen = service.saving.look(wanted, RunOptions())
        assert [(c.name, c.type, c.made_of) for c in seen.columns] == [
            ("id", "BIGINT", ("shop.orders.id",)),
            ("twice", "BIGINT", ("shop.orders.amount",)),
        ]
        assert (seen.reads, seen.is_new, seen.run) == (("shop.orders",), True, None)
        found = service.saving.propose(wanted, RunOptions())
        (key,) = [one for one in found.proposed if one.line == "key id"]
        chosen = service.saving.propose(replace(wanted, checks=(key.id, "twice > 0")), RunOptions())
    assert chosen.checks == ("key id", "twice > 0")
    assert (chosen.published, chosen.file) == (False, "datasets/marts/sums.sql")
    assert acme.read("datasets/marts/sums.sql") is None
    assert "marts.sums" not in acme.leaves()
    assert acme.ask("select count(*) from marts.sums", f"run:{chosen.run.run}") == [(3,)]


def test_it_is_published_written_and_taken_back(acme):
    done = save(
        acme,
        owner="ana",
        description="The best: by amount",
        tags=("a", "b c"),
        refresh="6h",
        checks=("safe", "amount > 0"),
    )
    assert (done.published, done.behind, done.run.checks[-1].status) == (True, (), "pass")
    text = acme.read(PATH)
    assert text.endswith(f"---*/\n{TOP}\n")
    assert 'description: "The best: by amount"\nowner: ana\ntags: [a, b c]\nrefresh: {max_age: 6h}\n' in text
    assert acme.ask("from marts.top") == [("ben", 20)]
    assert acme.run().run is None  # the folder and the branch agree
    acme.undo()
    with pytest.raises(AndonError):
        acme.ask("from marts.top")
    acme.redo()
    assert acme.ask("from marts.top") == [("ben", 20)]


def test_what_was_undone_is_saved_again_by_a_word(acme):
    save(acme)
    acme.undo()
    assert acme.rejected() == {PATH}
    assert save(acme).published
    assert acme.rejected() == set()
    assert acme.ask("from marts.top") == [("ben", 20)]


def test_nothing_else_that_lies_in_the_folder_is_published(acme):
    acme.write("datasets/marts/half.sql", "select nothing from nowhere.at_all\n")
    acme.write("datasets/marts/count.sql", "select 0 as n\n")
    acme.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,700\n")
    odd = os.fsencode(acme.root / "datasets/marts") + b"/\xff.sql"
    Path(os.fsdecode(odd)).write_text("no name of a file\n")
    before = acme.leaves()
    assert save(acme).published
    after = acme.leaves()
    assert {d for d in after if after[d] != before.get(d)} == {"marts.top"}
    assert acme.read("datasets/marts/count.sql") == "select 0 as n\n"
    acme.write("datasets/marts/half.sql", None)
    Path(os.fsdecode(odd)).unlink()
    acme.run()
    assert acme.ask("from marts.top") == [("cleo", 700)]
    assert acme.ask("from marts.count") == [(0,)]


def test_main_changes_only_by_a_word_for_that_very_plan(acme):
    with acme.opened() as service:
        wanted = ToSave("marts.top", TOP)
        seen = service.saving.propose(wanted, RunOptions())
        with pytest.raises(PlanUnconfirmed):
            service.saving.save(wanted, RunOptions())
        with pytest.raises(PlanUnconfirmed):
            service.saving.save(ToSave("marts.top", f"{TOP} offset 1"), RunOptions(agreed=seen.plan.digest))
        service.saving.save(ToSave("marts.another", "select 1 as one"), AGREED)  # what others publish is no matter
        service.saving.save(ToSave("another", "select 1 as one"), AGREED)
        assert service.saving.save(wanted, RunOptions(agreed=seen.plan.digest)).published


def test_on_a_branch_it_waits_there(acme):
    done = save(acme, options=RunOptions(branch="try"))
    assert (done.published, done.behind) == (True, (PATH,))
    assert acme.read(PATH) is None
    assert acme.ask("from marts.top", "try") == [("ben", 20)]
    acme.publish("try")
    acme.pull()
    assert TOP in acme.read(PATH)


def test_a_dataset_is_changed_where_somebody_says_so(acme):
    save(acme, owner="ana")
    assert refused(acme).code == "usage.exists"
    save(acme, sql="select 'x' as customer", replaces=True)
    assert acme.read(PATH) == "/*---\nowner: ana\n---*/\nselect 'x' as customer\n"
    save(acme, sql=None, owner="", description="one", replaces=True)
    assert acme.read(PATH) == "/*---\ndescription: one\n---*/\nselect 'x' as customer\n"


#: Name, SQL, what else is said; the code of the error, and its place where that is one.
WRONG = [
    ("a.b.top", TOP, {}, "usage.bad_argument", "a.b.top"),
    ("Marts.top", TOP, {}, "usage.bad_argument", "Marts.top"),
    ("main.top", TOP, {}, "usage.bad_argument", "main.top"),
    ("marts.top", " ", {}, "usage.bad_argument", "marts.top"),
    ("marts.top", "select customer,\n  rev from marts.totals", {}, "project.unknown_column", "query:2:3"),
    ("marts.top", "select * from marts.nothing", {}, "project.unknown_dataset", "query:1:15"),
    ("marts.top", "select random() as r", {"owner": "ana"}, "project.refused_sql", "query:1:8"),
    ("marts.top", "select customer frm marts.totals", {}, "project.bad_sql", "query:1:21"),
    ("marts.top", "drop table marts.totals", {}, "project.not_select", "query:1:1"),
    ("marts.top", "select $n as n from marts.totals", {}, "project.refused_sql", "query:1:8"),
    ("marts.top", TOP, {"materialize": "tabel"}, "project.bad_value", "datasets/marts/top.sql:2:14"),
    ("marts.top", TOP, {"refresh": "often"}, "usage.bad_argument", "refresh"),
    ("marts.top", TOP, {"checks": ("amount >",)}, "project.bad_check", None),
    ("marts.top", TOP, {"checks": ("12345678",)}, "usage.bad_argument", "12345678"),
    ("shop.orders", TOP, {"replaces": True}, "usage.bad_argument", "sources/shop/orders.sql"),
    ("marts.nothing", None, {"replaces": True}, "lake.dataset_not_found", "marts.nothing"),
    (
        "marts.count",
        "select 'x' as n from marts.best",
        {"replaces": True, "seen": "nothing"},
        "lake.ref_not_found",
        None,
    ),
]


def test_what_is_wrong_is_told_at_its_place_and_changes_nothing(acme):
    for name, sql, said, code, where in WRONG:
        error = refused(acme, name, sql, **said)
        assert code in {error.code, *(problem.code for problem in error.problems)}, (name, sql, error)
        if where is not None:
            assert where in {error.where, *(problem.where for problem in error.problems)}, (name, sql, error)


def test_an_edit_in_the_folder_is_not_written_over(acme):
    acme.write(PATH, "select 'mine' as customer\n")
    assert refused(acme).code == "lake.folder_dirty"
    acme.write(PATH, None)
    acme.write("datasets/marts/count.sql", "select 0 as n\n")
    assert refused(acme, "marts.count", "select 1 as n", replaces=True).code == "lake.folder_dirty"


def test_what_somebody_else_published_since_is_no_ground_to_write_over_it(acme):
    save(acme)
    seen = acme.head().id
    save(acme, sql="select 'theirs' as customer", replaces=True)
    error = refused(acme, sql="select 'mine' as customer", replaces=True, seen=seen)
    assert error.code == "lake.folder_conflict"
    assert "since" in error.message
    acme.undo()  # an undo counts as no change
    assert save(acme, sql="select 'mine' as customer", replaces=True, seen=seen).published


def test_a_result_that_a_check_holds_is_not_saved(acme):
    done = save(acme, checks=("amount > 100",))
    assert not done.published
    assert acme.read(PATH) is None
    assert "marts.top" not in acme.leaves()


def test_many_save_at_once_on_one_server(acme):
    """Datasets side by side, saved queries (which all share one part of the state) one on top of the other."""
    names = [*(f"marts.at_once_{n}" for n in range(6)), *(f"at_once_{n}" for n in range(6))]
    with acme.opened() as service:

        def one(name: str):
            by = service.by(Caller(f"person {name}", "http"))
            return by.saving.save(ToSave(name, f"select '{name}' as n, customer from marts.totals"), AGREED)

        with ThreadPoolExecutor(6) as pool:
            done = list(pool.map(one, names))
        assert [(d.published, d.behind) for d in done] == [(True, ())] * len(names)
        assert {q.name for q in service.saved_queries.list()} == {n for n in names if "." not in n}
        authors = {entry.commit.author for entry in service.history.log(None, None, 50)}
    assert {f"person {name}" for name in names} <= authors
    assert {n for n in names if "." in n} <= acme.leaves().keys()
    assert acme.run().run is None  # the folder has all of them, and knows that


def test_a_folder_on_another_branch_is_left_alone(acme):
    acme.switch("feature", create=True)
    acme.write("datasets/marts/count.sql", "select 7 as n\n")
    done = save(acme, options=RunOptions(branch="main", agreed=ANY_PLAN))
    assert (done.branch, done.behind) == ("main", (PATH,))
    assert acme.read(PATH) is None
    assert acme.ask("from marts.top", "main") == [("ben", 20)]


def test_a_git_checkout_gets_the_file_and_no_commit(acme):
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=acme.root, check=True, capture_output=True, text=True).stdout

    git("init", "-q", "-b", "main")
    (acme.root / ".gitignore").write_text(".andon/\n")
    git("add", "-A")
    git("-c", "user.name=ana", "-c", "user.email=ana@example.org", "commit", "-qm", "all")
    assert save(acme).behind == ()
    assert git("status", "--short") == f"?? {PATH}\n"
    git("checkout", "-q", "-b", "feature")
    acme.branch("feature")
    done = save(acme, sql="select 1 as one", replaces=True, options=RunOptions(branch="main", agreed=ANY_PLAN))
    assert done.behind == (PATH,)
    assert TOP in acme.read(PATH)


def test_what_a_branch_left_behind_is_not_built_by_a_save(acme):
    """A macro's change was published for one dataset only; what else uses it stays as it is published."""
    acme.write("macros/money.sql", "create macro cents(x) as x * 100;\n")
    acme.write("datasets/marts/a.sql", "select cents(amount) as c from marts.totals\n")
    acme.write("datasets/marts/b.sql", "select cents(amount) as c from marts.totals\n")
    acme.run()
    acme.write("macros/money.sql", "create macro cents(x) as x * 1000;\n")
    acme.run("marts.a")
    before = acme.leaves()
    save(acme, sql="select sum(c) as c from marts.b")
    after = acme.leaves()
    assert {d for d in after if after[d] != before.get(d)} == {"marts.top"}
    save(acme, sql="select cents(1) as c", replaces=True)
    assert acme.ask("from marts.top") == [(1000,)]


def test_a_change_is_told_to_whom_it_breaks(acme):
    with acme.opened() as service:
        wanted = ToSave("marts.totals", "select customer from shop.orders group by customer", replaces=True)
        with pytest.raises(AndonError) as raised:
            service.saving.look(wanted, RunOptions())
        assert (raised.value.code, raised.value.where) == ("lake.is_read", "datasets/marts/best.sql")
        assert "changing marts.totals breaks 1 file" in raised.value.message
        wanted = replace(wanted, name="marts.best", sql="select amount from marts.totals")
        plan = service.saving.look(wanted, RunOptions()).plan
        (step,) = [s for s in plan.steps if s.dataset == "marts.best"]
        assert step.verdict.dropped == ("customer",)


KILLED = """
import os, sys
from pathlib import Path
from andon.model.event import Ended
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.saved_texts import ToSave
from andon.service.service import Service

def report(event):
    if isinstance(event, Ended):
        os._exit(9)  # published, and the folder does not have it yet

service = Service.open(Path(sys.argv[1]))
service.saving.save(ToSave("marts.top", sys.argv[2]), RunOptions(agreed=ANY_PLAN), Listener(report))
"""


def test_a_process_that_is_killed_after_the_publish_leaves_a_folder_that_is_behind(acme):
    acme.write("datasets/marts/count.sql", "select 7 as n\n")
    done = subprocess.run([sys.executable, "-c", KILLED, str(acme.root), TOP], check=False, env={**os.environ})
    assert done.returncode == 9
    assert acme.ask("from marts.top") == [("ben", 20)]
    assert acme.read(PATH) is None
    acme.run()  # publishes the edit, and drops nothing
    assert (acme.ask("from marts.top"), acme.ask("from marts.count")) == ([("ben", 20)], [(7,)])
    assert save(acme, owner="ana", replaces=True).behind == ()
    assert acme.read(PATH) == f"/*---\nowner: ana\n---*/\n{TOP}\n"


def test_a_place_that_can_not_be_written_keeps_nothing_from_being_published(acme):
    acme.write("datasets/blocked", "no folder\n")
    done = save(acme, name="blocked.top")
    assert (done.published, done.behind) == (True, ("datasets/blocked/top.sql",))
    assert acme.ask("from blocked.top") == [("ben", 20)]
    assert acme.read("datasets/blocked") == "no folder\n"


def test_saves_beside_runs_of_the_same_folder(acme):
    """What a run remembers of the folder takes nothing of what saves remember meanwhile."""
    with acme.opened() as service:

        def one(number: int) -> None:
            if number % 2:
                service.runs.run(AGREED)
            else:
                service.saving.save(ToSave(f"marts.beside_{number}", f"select {number} as n"), AGREED)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, range(12)))
    base = acme.base()
    assert {f"datasets/marts/beside_{n}.sql" for n in range(0, 12, 2)} <= base.code.files.keys()


def test_of_many_who_change_one_dataset_at_once_nobody_is_written_over_unseen(acme):
    save(acme)
    with acme.opened() as service:

        def one(number: int) -> str | None:
            try:
                done = service.saving.save(ToSave("marts.top", f"select {number} as n", replaces=True), AGREED)
            except AndonError as error:
                return error.code
            assert done.published
            return None

        seen = service.workspace.lake.refs.resolve("main").generation
        with ThreadPoolExecutor(6) as pool:
            ends = list(pool.map(one, range(8)))
        made = service.workspace.lake.refs.resolve("main").generation - seen
    assert set(ends) <= {None, "lake.folder_conflict"}
    assert made == ends.count(None) >= 1  # each that was told to be published is a commit of its own
    (last,) = acme.ask("from marts.top")
    assert acme.read(PATH) == f"select {last[0]} as n\n"


def test_what_holds_personal_values_is_marked_as_personal(acme):
    source = "sources/shop/orders.sql"
    acme.write(source, f"/*---\ncolumns:\n  customer: {{pii: true}}\n---*/\n{acme.read(source)}")
    acme.run()
    sql = (
        "select upper(customer) as who, count(distinct customer) as n, max(amount) as most from shop.orders group by 1"
    )
    with acme.opened() as service:
        found = service.saving.propose(ToSave("marts.people", sql), RunOptions())
    assert {c.name: c.personal for c in found.columns} == {"who": True, "n": False, "most": False}
    assert not any("ADA" in one.line + one.evidence for one in found.proposed)
    done = save(acme, "marts.people", sql)
    assert done.plan.digest == found.plan.digest
    assert "columns: {who: {pii: true}}\n" in acme.read("datasets/marts/people.sql")
    save(acme, "marts.open", f"/*---\ncolumns:\n  who: Known to all\n---*/\n{sql}")  # somebody thought of its columns
    assert "pii" not in acme.read("datasets/marts/open.sql")


def test_what_lies_there_and_is_no_file_is_not_written_over(acme):
    (acme.root / PATH).mkdir(parents=True)
    assert refused(acme).code == "lake.folder_dirty"


def test_what_is_saved_is_published_whole_whatever_else_a_change_may_be(acme):
    acme.write("andon.toml", '[publish]\nchange = "healthy"\n')
    acme.run()
    save(acme)
    before = acme.leaves()
    done = save(acme, "marts.totals", "select 'x' as customer, 1 as amount", replaces=True, checks=("amount > 1",))
    assert (done.published, acme.leaves()) == (False, before)
    assert acme.read("datasets/marts/totals.sql").startswith("select customer")


def test_whoever_lost_the_answer_asks_again_and_changes_nothing_more(acme):
    options = RunOptions(agreed=ANY_PLAN, request="save one")
    first = save(acme, options=options, owner="ana")
    again = save(acme, options=options, owner="ana")
    assert (again.published, again.run.commit, again.text, again.is_new) == (True, first.run.commit, first.text, True)
    assert [t.dataset for t in again.run.tasks] == [t.dataset for t in first.run.tasks]
    save(acme, sql="select 'later' as customer", replaces=True)
    assert save(acme, options=options, owner="ana").run.commit == first.run.commit
    assert acme.ask("from marts.top") == [("later",)]
    acme.undo()
    acme.undo()
    assert save(acme, options=options).run.commit == first.run.commit
    assert "marts.top" not in acme.leaves()
    with acme.opened() as service:
        options = RunOptions(agreed=ANY_PLAN, request="retire one")
        ends = [service.renaming.retire(["marts.best"], options) for _ in range(2)]
    assert ends[0].run.commit == ends[1].run.commit
    assert ends[0].removed == ends[1].removed == ("datasets/marts/best.sql",)


def test_what_has_the_content_of_another_is_shown(acme):
    with acme.opened() as service:
        found = service.saving.propose(ToSave("marts.one", "select 5 as five"), RunOptions())
        again = service.saving.propose(ToSave("marts.two", "select 5 as five"), RunOptions())
        assert service.datasets.show("marts.one", f"run:{found.run.run}").document().rows == 1
        assert service.datasets.show("marts.two", f"run:{again.run.run}").document().rows == 1
