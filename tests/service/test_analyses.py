"""Analyses: what a run made is kept and stays, and is made of one commit alone."""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.cancel import CancelToken
from andon.errors import AndonError, DatasetError, ProjectError, UsageError
from andon.lake.named_files import named_files
from andon.model.analysis import AnalysisKind, AnalysisRun, AnalysisStatus, OutputKind
from andon.model.reproduction import ReproVerdict
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.analysis_documents import AnalysisOptions
from andon.service.analysis_running import AnalysisRunning
from andon.service.leftovers import find, remove
from andon.service.service import Service
from andon.workspace.engines import Engines
from kit.clones import FILES, Clone
from kit.command_line import Andon

#: Histories that are drawn.
HISTORIES = int(os.environ.get("ANDON_ANALYSIS_HISTORIES", "2"))

TOTALS = """import andon

lake = andon.open()
least = andon.parameter("least", 0.0, "customers below it are left out")
rows = lake.sql("select customer, amount from marts.totals where amount >= $least order by 1", {"least": least})
for customer, amount in rows:
    print(customer, amount)
andon.keep("totals", rows)
andon.keep("customers", len(rows.fetchall()))
open_file = open("note.txt", "w")
open_file.write("so")
open_file.close()
"""


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    made = Clone(tmp_path / "acme")
    made.fill({**FILES, "analyses/totals.py": TOTALS})
    made.run()
    return made


def made(service: Service, run: AnalysisRun) -> dict[str, bytes]:
    return {each.name: service.analyses.place(run, each.name)[1].read_bytes() for each in run.outputs}


class TestWhatARunMade:
    def test_that_is_lost_is_told_with_the_command_that_makes_it_again(self, clone: Clone):
        with clone.opened() as service:
            run = service.analyses.run("totals")
            kept = made(service, run)
            for each in run.outputs:
                (clone.root / ".andon/lake" / each.path).unlink()
            with pytest.raises(AndonError, match="what a run of `analyses/totals` made is not there") as caught:
                made(service, run)
            command = re.search("`andon ([^`]+)`", str(caught.value.hint))
        assert command is not None
        Andon(clone.root)(*command[1].split())
        with clone.opened() as service:
            assert made(service, service.analyses.show("totals@2")).keys() == kept.keys()
            assert made(service, run).keys() == kept.keys(), "the same content lies in the same place"

    def test_is_kept_with_code_inputs_and_commit(self, clone: Clone):
        with clone.opened() as service:
            run = service.analyses.run("totals")
            assert (run.label, run.status, run.kind) == ("totals@1", AnalysisStatus.DONE, AnalysisKind.SCRIPT)
            assert run.printed == "ada 15\nben 20\n"
            assert run.numbers == {"customers": 2}
            assert [(each.name, each.kind) for each in run.outputs] == [
                ("note.txt", OutputKind.TEXT),
                ("totals.parquet", OutputKind.TABLE),
            ]
            assert made(service, run)["note.txt"] == b"so"
            head = service.workspace.lake.refs.resolve("main")
            leaves = service.workspace.lake.commits.state(head).leaves
            assert (run.commit, run.inputs) == (head.id, {"marts.totals": leaves["marts.totals"].version})
            assert service.workspace.lake.objects.text(run.code["analyses/totals.py"]).decode() == TOTALS
            assert service.analyses.show("totals") == service.analyses.show("totals@1") == run

    def test_stays_after_undo_edits_a_rename_and_what_comes_in(self, clone: Clone):
        with clone.opened() as service:
            first = service.analyses.run("totals")
            before = made(service, first)
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        clone.refresh()
        with clone.opened() as service:
            second = service.analyses.run("totals")
            assert second.numbers == {"customers": 3}
            assert second.version != first.version
        clone.undo()
        clone.write("analyses/totals.py", None)
        with clone.opened() as service:
            service.renaming.rename("marts.totals", "marts.sums", RunOptions(agreed=ANY_PLAN))
            assert service.analyses.show("totals@1") == first
            assert made(service, first) == before
            assert [line.number for line in service.analyses.log("totals")] == [2, 1]
            assert service.verifying.verify(all=True).damaged == []

    def test_is_of_the_commit_that_was_named(self, clone: Clone):
        with clone.opened() as service:
            before = service.workspace.lake.refs.resolve("main").id
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        clone.refresh()
        with clone.opened() as service:
            assert service.analyses.run("totals", before).numbers == {"customers": 2}
            assert service.analyses.run("totals").numbers == {"customers": 3}
            assert service.analyses.run("totals", "main~1").version == service.analyses.show("totals@1").version

    def test_is_of_a_view_as_of_a_table(self, clone: Clone):
        clone.write(
            "datasets/marts/totals.sql", f"/*---\nmaterialize: view\n---*/\n{FILES['datasets/marts/totals.sql']}"
        )
        clone.run()
        with clone.opened() as service:
            assert service.analyses.run("totals").printed == "ada 15\nben 20\n"

    def test_is_told_to_what_looks_at_the_whole_lake(self, clone: Clone):
        with clone.opened() as service:
            run = service.analyses.run("totals")
            assert {each.path for each in run.outputs} <= named_files(service.workspace.lake.database)
            output, place = service.analyses.place(run, "note.txt")
            place.write_bytes(b"no")
            (found,) = service.verifying.verify(all=True).damaged
            assert (found.kind, found.name, found.dataset) == ("analysis file", output.path, "analyses/totals")
            assert [each.datasets for each in found.touches] == [["analyses/totals@1"]]
            with pytest.raises(AndonError) as refused:
                service.analyses.place(run, "note.txt")
            assert refused.value.code == "lake.corrupt"
            again = service.analyses.run("totals")
            assert service.analyses.place(again, "note.txt")[1].read_bytes() == b"so"
            assert service.verifying.verify(all=True).damaged == []

    def test_a_row_that_was_turned_is_found(self, clone: Clone):
        with clone.opened() as service:
            service.analyses.run("totals")
            database = service.workspace.lake.database
            with database.write() as transaction:
                transaction.execute("update analysis_run set number = 7", [])
            assert [(each.kind, each.what) for each in service.verifying.verify(all=True).damaged] == [
                ("analysis run", "is damaged")
            ]


class TestWhatARunMayDo:
    def test_parameters_have_the_type_of_their_default_and_no_other_names(self, clone: Clone):
        with clone.opened() as service:
            run = service.analyses.run("totals", options=AnalysisOptions({"least": "16"}))
            assert (run.parameters, run.printed) == ({"least": 16.0}, "ben 20\n")
            for said in ({"lest": "1"}, {"least": "much"}, {"least": "nan"}, {"least": True}):
                with pytest.raises(UsageError) as refused:
                    service.analyses.run("totals", options=AnalysisOptions(said))
                assert refused.value.code == "usage.bad_argument"
            assert len(service.analyses.log("totals")) == 1

    def test_it_reads_what_its_texts_name_and_nothing_else(self, clone: Clone):
        secret = clone.root / "secret.txt"
        secret.write_text("no")
        clone.write(
            "analyses/curious.py",
            "import os, andon\n"
            "name = 'marts.' + 'totals'\n"
            "try:\n    andon.open().sql('from ' + name)\n"
            "except LookupError as error:\n    print(error)\n"
            f"try:\n    print(open({str(secret)!r}).read())\nexcept OSError as error:\n    print(type(error).__name__)\n"
            "print('TOKEN' in os.environ, sorted(os.listdir('.')))\n",
        )
        clone.environ["TOKEN"] = "t0p"
        with clone.opened() as service:
            run = service.analyses.run("curious")
        told, opened, rest = run.printed.splitlines()
        assert told.startswith("`marts.totals` can't be read")
        assert opened in ("FileNotFoundError", "PermissionError") or run.environment["isolation"] == "none"
        assert rest == "False []"
        assert run.inputs == {}

    def test_one_that_fails_is_kept_with_what_it_printed(self, clone: Clone):
        clone.write("analyses/wrong.py", "print('before')\nprint(1 / 0)\n")
        with clone.opened() as service:
            run = service.analyses.run("wrong")
            assert (run.status, run.printed) == (AnalysisStatus.FAILED, "before\n")
            assert run.error is not None
            assert (run.error.code, run.error.where) == ("build.python_failed", "analyses/wrong.py:2")
            assert "ZeroDivisionError" in run.error.message
            assert service.analyses.show("wrong@1") == run

    def test_it_ends_with_its_time_and_when_it_is_stopped(self, clone: Clone):
        clone.write("analyses/slow.py", "import time\nprint('begun')\ntime.sleep(60)\n")
        with clone.opened() as service:
            run = service.analyses.run("slow", options=AnalysisOptions(timeout=1.0))
            assert run.error is not None
            assert (run.error.code, run.printed) == ("build.python_timeout", "begun\n")
            stop = CancelToken()
            stop.cancel()
            with pytest.raises(DatasetError) as stopped:
                service.analyses.run("slow", listener=Listener(cancel=stop))
            assert stopped.value.code == "build.interrupted"
            assert len(service.analyses.log("slow")) == 1

    def test_what_is_more_than_is_kept_is_refused(self, clone: Clone, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("andon.engines.python.analysis.MOST_BYTES", 10)
        clone.write("analyses/large.py", "open('large.bin', 'wb').write(b'x' * 11)\n")
        with clone.opened() as service:
            run = service.analyses.run("large")
            assert run.error is not None
            assert (run.error.code, run.outputs) == ("build.analysis_limit", [])

    def test_a_link_is_not_followed(self, clone: Clone):
        clone.write("analyses/link.py", "import os\nos.symlink('/etc/passwd', 'a.txt')\nos.symlink('/etc', 'b')\n")
        with clone.opened() as service:
            assert service.analyses.run("link").outputs == []

    def test_packages_must_be_locked(self, clone: Clone):
        clone.write("analyses/packed.py", '# /// script\n# dependencies = ["numpy", "andon"]\n# ///\nimport numpy\n')
        with clone.opened() as service, pytest.raises(ProjectError) as refused:
            service.analyses.run("packed")
        (problem,) = refused.value.problems
        assert (problem.code, problem.file) == ("build.no_lock", "analyses/packed.py")
        assert problem.message == "the packages `numpy` are not locked"
        assert "andon lock analyses/packed" in (problem.hint or "")

    def test_modules_come_with_it(self, clone: Clone):
        clone.write("modules/helpers.py", "def double(n):\n    return 2 * n\n")
        clone.write("analyses/helped.py", "import andon\nfrom helpers import double\nandon.keep('n', double(4))\n")
        with clone.opened() as service:
            run = service.analyses.run("helped")
            assert (run.numbers, sorted(run.code)) == ({"n": 8}, ["analyses/helped.py", "modules/helpers.py"])

    def test_the_code_of_the_commit_serves_where_the_folder_has_none(self, clone: Clone):
        clone.write("analyses/totals.py", None)
        with clone.opened() as service:
            assert service.analyses.run("totals").numbers == {"customers": 2}
            with pytest.raises(UsageError, match="no analysis is named `totls`") as unknown:
                service.analyses.run("totls")
            assert unknown.value.hint == "did you mean `totals`?"


def notebook(*cells: str) -> str:
    found = [{"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": []} for cell in cells]
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "# Totals"}, *found]})


class TestItsName:
    def test_where_a_dataset_is_asked_for_the_error_says_what_does_it(self, clone: Clone):
        with clone.opened() as service:
            service.analyses.run("totals")
            for said, run in (("totals", "totals"), ("analyses/totals", "totals"), ("totals@1", "totals@1")):
                with pytest.raises(UsageError, match="is an analysis") as caught:
                    service.reproducing.reproduce(said)
                assert f"andon analysis reproduce {run}`" in str(caught.value.hint)
            for said in ("totals", "totals@1"):
                with pytest.raises(UsageError, match="is an analysis") as caught:
                    service.isolating.isolate(said)
                assert f"`andon isolate analyses/{said}`" in str(caught.value.hint)

    def test_one_that_never_was_has_no_runs_to_look_for(self, clone: Clone):
        with clone.opened() as service:
            for label, hint in (("nope@1", "did you|list"), ("totals@1", "analysis run totals")):
                with pytest.raises(UsageError) as caught:
                    service.analyses.show(label)
                assert "log" not in str(caught.value.hint)
                assert re.search(hint, str(caught.value.hint))


class TestANotebookOfJupyter:
    def test_each_cell_shows_what_it_made(self, clone: Clone):
        clone.write(
            "analyses/book.ipynb",
            notebook(
                "%matplotlib inline\nimport andon\nlake = andon.open()",
                "rows = lake.sql('from marts.totals order by customer')\nrows",
                "print('so')\ndisplay(1)\nsum(amount for _, amount in rows)",
                "rows.fetchall();",
            ),
        )
        with clone.opened() as service:
            run = service.analyses.run("book")
            assert (run.status, run.kind, run.printed) == (AnalysisStatus.DONE, AnalysisKind.JUPYTER, "so\n"), run.error
            assert [(cell.is_code, cell.outputs) for cell in run.cells] == [
                (False, []),
                (True, []),
                (True, ["cells/03.parquet"]),
                (True, ["cells/04.txt", "cells/04-2.txt"]),
                (True, []),
            ]
            assert made(service, run)["cells/04-2.txt"] == b"35"

    def test_what_fails_is_told_with_its_cell_and_line(self, clone: Clone):
        clone.write("analyses/book.ipynb", notebook("n = 0", "n\n1 / n"))
        with clone.opened() as service:
            run = service.analyses.run("book")
        assert run.error is not None
        assert run.error.where == "analyses/book.ipynb[3]:2"
        assert "1 / n" in (run.error.traceback or "")

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("{}", "analyses/book.ipynb"),
            (notebook("x = 1", "!ls"), "analyses/book.ipynb[3]"),
            ("[", "analyses/book.ipynb"),
        ],
    )
    def test_what_is_none_is_refused(self, clone: Clone, text: str, place: str):
        clone.write("analyses/book.ipynb", text)
        with clone.opened() as service, pytest.raises(ProjectError) as refused:
            service.analyses.run("book")
        (problem,) = refused.value.problems
        assert (problem.code, problem.file) == ("project.bad_notebook", place)


class TestRunAgain:
    def test_all_that_it_needs_is_handed_out(self, clone: Clone):
        with clone.opened() as service:
            run = service.analyses.run("totals", options=AnalysisOptions({"least": 16}))
            clone.write("analyses/totals.py", None)
            with Engines(service.workspace, None, service.workspace.clock()) as engines:
                task = AnalysisRunning(service.workspace).task_of(run, engines)
                with engines.for_analyses().made(task) as again:
                    found = {each.name: each.sha256 for each in again.files}
            assert found == {each.name: each.sha256 for each in run.outputs}
            assert (again.outcome.log, again.outcome.told["numbers"]) == (run.printed, run.numbers)

    def test_the_same_comes_out_whatever_happened_since(self, clone: Clone):
        with clone.opened() as service:
            service.analyses.run("totals", options=AnalysisOptions({"least": 16}))
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
        clone.write("analyses/totals.py", "print('something else')\n")
        clone.refresh()
        with clone.opened() as service:
            found = service.analysis_reproducing.reproduce("totals@1")
            assert found.verdict is ReproVerdict.IDENTICAL
            assert [(each.name, each.verdict, each.moved) for each in found.outputs] == [
                (name, ReproVerdict.IDENTICAL, []) for name in ("printed", "numbers", "note.txt", "totals.parquet")
            ]
            assert found.through == []
            assert len(service.analyses.log("totals")) == 1

    def test_at_another_commit_it_says_what_moved_and_through_which_dataset(self, clone: Clone):
        with clone.opened() as service:
            service.analyses.run("totals")
        clone.write("raw/orders_06.csv", "id,customer,amount\n4,ada,7\n")
        clone.refresh()
        with clone.opened() as service:
            found = service.analysis_reproducing.reproduce("totals", "main")
        assert found.verdict is ReproVerdict.DIFFERENT
        told = {each.name: [(one.where, one.old, one.new) for one in each.moved] for each in found.outputs}
        assert told == {
            "printed": [("line 1", "ada 15", "ada 22")],
            "numbers": [],
            "note.txt": [],
            "totals.parquet": [("customer ada: amount", 15, 22)],
        }
        assert [(each.dataset, each.is_origin) for each in found.through] == [
            ("shop.orders", True),
            ("marts.totals", False),
        ]

    def test_what_hangs_on_chance_is_different_and_its_last_digits_are_not(self, clone: Clone):
        chance = (
            "import andon, os\nn = int.from_bytes(os.urandom(6))\n"
            "andon.keep('n', {0})\nandon.keep('t', [{{'k': 'a', 'n': {0}}}])\nprint({0})\n"
        )
        for name, said in (("far", "float(n)"), ("close", "1 + n / 1e26"), ("same", "n * 0.0")):
            clone.write(f"analyses/{name}.py", chance.format(said))
        with clone.opened() as service:
            found = {}
            for name in ("far", "close", "same"):
                service.analyses.run(name)
                found[name] = service.analysis_reproducing.reproduce(name).verdict
        assert found["far"] is ReproVerdict.DIFFERENT
        assert found["close"] is not ReproVerdict.DIFFERENT
        assert found["same"] is ReproVerdict.IDENTICAL

    def test_one_that_failed_is_nothing_to_compare_with(self, clone: Clone):
        clone.write("analyses/wrong.py", "1 / 0\n")
        with clone.opened() as service:
            service.analyses.run("wrong")
            with pytest.raises(UsageError, match="`wrong@1` failed"):
                service.analysis_reproducing.reproduce("wrong")


class TestWhatIsKeptForEver:
    def test_a_secret_does_not_get_in(self, clone: Clone):
        clone.write("analyses/secret.py", "password = 'hunter2-and-more'\n")
        with clone.opened() as service, pytest.raises(ProjectError) as refused:
            service.analyses.run("secret")
        assert refused.value.problems[0].code == "project.secret"
        with clone.opened() as service:
            assert service.analyses.log("secret") == []

    def test_it_is_for_nobody_who_may_not_read_what_it_was_made_of(self, clone: Clone):
        (clone.root / "raw/orders_05.csv").chmod(0o600)
        clone.write("raw/orders_05.csv", f"{FILES['raw/orders_05.csv']}9,zoe,1\n")
        clone.refresh()
        with clone.opened() as service:
            run = service.analyses.run("totals")
            assert {service.analyses.place(run, each.name)[1].stat().st_mode & 0o077 for each in run.outputs} == {0}

    def test_the_file_may_be_typed(self, clone: Clone):
        with clone.opened() as service:
            assert service.analyses.run("analyses/totals.py").label == "totals@1"
            assert service.analyses.show("analyses/totals.py@1").number == 1

    def test_it_is_found_by_words_of_its_name_also_when_its_file_is_gone(self, clone: Clone):
        with clone.opened() as service:
            service.analyses.run("totals")
            clone.write("analyses/totals.py", None)
            clone.write("analyses/who_buys.py", "print(1)\n")
            assert [hit.name for hit in service.catalog.palette("totals") if hit.kind == "analysis"] == ["totals"]
            assert [hit.name for hit in service.catalog.palette("buys WHO") if hit.kind == "analysis"] == ["who_buys"]
            assert [hit.kind for hit in service.catalog.palette("who_bought")] == []

    def test_names_with_quotes_and_other_letters(self, clone: Clone):
        text = (
            "import andon\n"
            "andon.keep('größe; drop', [{'it\\'s \"so\"': 1, 'ß': 'ä'}])\n"
            "open('a b?#ß.txt', 'w').write('x')\n"
        )
        clone.write("analyses/odd.py", text.replace("größe; drop", "so it is"))
        with clone.opened() as service:
            run = service.analyses.run("odd")
            assert [each.name for each in run.outputs] == ["a b?#ß.txt", "so it is.parquet"]
            assert service.analyses.head(run, "so it is.parquet", 5).rows == ((1, "ä"),)
            assert service.analysis_reproducing.reproduce("odd").verdict is ReproVerdict.IDENTICAL
            clone.write("analyses/odd.py", text)
            failed = service.analyses.run("odd")
            assert failed.error is not None
            assert failed.error.where == "analyses/odd.py:2"

    def test_two_at_once_have_numbers_of_their_own(self, clone: Clone):
        def one(_: int) -> int:
            with clone.opened() as service:
                return service.analyses.run("totals").number

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(one, range(4))) == [1, 2, 3, 4]

    def test_what_a_kill_left_is_named_by_nobody_and_swept(self, clone: Clone, monkeypatch: pytest.MonkeyPatch):
        with clone.opened() as service:
            database = service.workspace.lake.database
            with monkeypatch.context() as patched:
                patched.setattr(type(database), "write", _killed)
                with pytest.raises(KeyboardInterrupt):
                    service.analyses.run("totals")
            assert service.analyses.log("totals") == []
            left = find(service.workspace)
            assert left.files == 2
            remove(service.workspace)
            run = service.analyses.run("totals")
            assert find(service.workspace).files == 0
            assert made(service, run)["note.txt"] == b"so"


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@settings(max_examples=HISTORIES, deadline=None)
@given(data=st.data())
def test_a_run_stays_and_repeats_whatever_happens_to_the_lake(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
):
    clone = Clone(tmp_path_factory.mktemp("law") / "acme")
    clone.fill({**FILES, "analyses/totals.py": TOTALS})
    clone.run()
    kept: dict[str, tuple[AnalysisRun, dict[str, bytes]]] = {}
    names = iter(range(100))
    deeds = {
        "load": lambda: (
            clone.write(f"raw/orders_{next(names)}.csv", f"id,customer,amount\n{next(names)},x,3\n"),
            clone.refresh(),
        ),
        "edit": lambda: (
            clone.write("datasets/marts/totals.sql", f"{FILES['datasets/marts/totals.sql']}limit {next(names)}\n"),
            clone.run(),
        ),
        "edit the analysis": lambda: clone.write("analyses/totals.py", f"{TOTALS}print({next(names)})\n"),
        "undo": lambda: clone.undo() if data.draw(st.booleans()) else None,
        "branch": lambda: clone.switch(f"b{next(names)}", create=True),
    }
    for deed in data.draw(st.lists(st.sampled_from(sorted(deeds)), min_size=2, max_size=4)):
        with clone.opened() as service:
            run = service.analyses.run("totals")
            kept[run.label] = (run, made(service, run))
        try:
            deeds[deed]()
        except AndonError:
            continue  # nothing to undo
    with clone.opened() as service:
        for label, (run, files) in kept.items():
            assert service.analyses.show(label) == run
            assert made(service, run) == files
        # one of a commit that has not what it reads has failed, and stays so
        label = data.draw(st.sampled_from(sorted(label for label, (run, _) in kept.items() if run.error is None)))
        assert service.analysis_reproducing.reproduce(label).verdict is ReproVerdict.IDENTICAL
        assert service.verifying.verify(all=True).damaged == []
