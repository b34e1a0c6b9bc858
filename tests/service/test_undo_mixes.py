"""What an undo or redo shows was published so before, or is planned, built and checked: never a mix that nobody made."""

from __future__ import annotations

import pytest

from andon.errors import HeldError, UsageError
from andon.model.commit import CommitKind
from kit.clones import Clone, ticking
from kit.lakes import Judge

A, B, C = (f"datasets/m/{name}.sql" for name in "abc")


@pytest.fixture
def chain(tmp_path) -> Clone:
    """`a` = 1, `b` = 10 a, published; then `a` = 2; then `b` = 100 a."""
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    for path, text in ((A, "select 1 as n\n"), (B, "select 10 * n as n from m.a\n")):
        clone.write(path, text)
    clone.run()
    clone.write(A, "select 2 as n\n")
    clone.run()
    clone.write(B, "select 100 * n as n from m.a\n")
    clone.run()
    return clone


def seen(clone: Clone) -> dict[str, int]:
    return {name: clone.ask(f"select n from {name}")[0][0] for name in sorted(clone.leaves())}


def is_right(clone: Clone) -> None:
    with clone.opened() as service:
        assert Judge().wrong(service, "main") is None
        assert Judge().left_behind(service, "main") == []


def revert(clone: Clone, ref: str):
    with clone.opened() as service:
        return service.reverting.revert(service.reverting.find(ref))


def test_an_undo_after_an_undo_of_something_older_is_built_on_what_is_there(chain):
    revert(chain, "main~1")
    assert seen(chain) == {"m.a": 1, "m.b": 100}
    chain.undo()
    assert seen(chain) == {"m.a": 1, "m.b": 10}
    is_right(chain)
    assert chain.head().kind is CommitKind.UNDO


def test_undos_go_on_down_to_the_empty_lake_and_redos_back(chain):
    revert(chain, "main~1")
    chain.undo()
    chain.undo()
    assert seen(chain) == {}
    with pytest.raises(UsageError, match="no publish is left"):
        chain.undo()
    for expected in ({"m.a": 1, "m.b": 10}, {"m.a": 1, "m.b": 100}, {"m.a": 2, "m.b": 200}):
        chain.redo()
        assert seen(chain) == expected
        is_right(chain)
    assert chain.rejected() == set()


def test_a_redo_is_built_on_what_was_published_since(chain):
    chain.undo()
    chain.write(A, "select 3 as n\n")
    chain.run()  # b, ten times
    assert seen(chain) == {"m.a": 3, "m.b": 30}
    with pytest.raises(UsageError, match="published again"):
        chain.redo()  # b was built again since

    chain.write(C, "select n + 1 as n from m.b\n")
    chain.run()
    chain.undo()
    chain.write(A, "select 4 as n\n")
    chain.write(B, "select 10 * n as n from m.a -- as undone\n")
    chain.run()
    chain.redo()
    assert seen(chain) == {"m.a": 4, "m.b": 40, "m.c": 41}
    is_right(chain)


def test_what_reads_what_a_redo_brings_again_is_built_anew(chain):
    chain.undo()
    chain.write(C, "select n + 1 as n from m.b\n")
    chain.run()
    assert seen(chain) == {"m.a": 2, "m.b": 20, "m.c": 21}
    chain.redo()
    assert seen(chain) == {"m.a": 2, "m.b": 200, "m.c": 201}
    is_right(chain)


def test_a_plain_undo_and_redo_move_no_data_and_make_no_run(chain):
    with chain.opened() as service:
        runs = len(service.workspace.runs.newest(100))
        service.undoing.undo()
        service.undoing.undo()
        service.undoing.redo()
        assert len(service.workspace.runs.newest(100)) == runs
    assert seen(chain) == {"m.a": 2, "m.b": 20}


def test_a_mix_that_a_check_holds_is_not_shown(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    clone.write(A, "select 5 as n\n")
    clone.write(B, "select 9 as n\n")
    clone.run()
    clone.write(A, "select 7 as n\n")
    clone.run()
    clone.write(B, "/*---\nchecks: max(n) <= max(m.a.n)\n---*/\nselect 6 as n\n")
    clone.run()
    clone.write(B, "select 9 as n\n")
    clone.run()
    revert(clone, "run:2")
    assert seen(clone) == {"m.a": 5, "m.b": 9}
    head = clone.head()
    with pytest.raises(HeldError) as caught:  # b would be 6 again, with the line that wants it at most a
        clone.undo()
    assert caught.value.code == "run.held"
    assert caught.value.hint
    assert clone.head() == head


def test_raw_files_that_a_mixed_undo_takes_back_are_pending(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.write("andon.toml", "")
    clone.write("raw/jan.csv", "n,x\n1,1\n")
    clone.write("sources/s/n.sql", "select n from read_csv('raw/*.csv')\n")
    clone.write(A, "select sum(n) as n from s.n\n")
    clone.write(B, "select 1 as n\n")
    clone.run()
    clone.write(B, "select 2 as n\n")
    clone.run()
    clone.write("raw/feb.csv", "n,x\n10,1\n")
    clone.write(A, "select 100 * sum(n) as n from s.n\n")
    clone.run()
    revert(clone, "main~1")
    clone.undo()
    assert clone.ask("select n from m.a") == [(1,)]
    assert clone.ask("select n from m.b") == [(1,)]
    clone.write(A, "select 2 * sum(n) as n from s.n\n")
    clone.run()
    assert clone.ask("select n from m.a") == [(22,)]


def test_an_undo_that_changes_nothing_for_readers_is_one_all_the_same(tmp_path):
    clone = Clone(tmp_path / "acme", clock=ticking())
    clone.write("andon.toml", "")
    clone.write(A, "select now() as n\n")
    clone.write(B, "select 1 as n\n")
    clone.run()
    clone.write(B, "select 2 as n\n")
    clone.run("m.b")
    clone.refresh()  # another time, nothing else
    revert(clone, "main~1")
    clone.undo()
    clone.undo()
    assert seen(clone) == {}


def test_a_request_asked_again_answers_the_same(chain):
    revert(chain, "main~1")
    with chain.opened() as service:
        first = service.undoing.undo(request="one")
        again = service.undoing.undo(request="one")
        assert again == first
        assert service.workspace.lake.refs.resolve("main").id == first.commit.id
