"""Pull brings what is newer and takes nothing that is not kept elsewhere: undone work stays, and only project paths are written."""

from __future__ import annotations

import shutil

import pytest

from andon.errors import ConflictError, MachineError, ProjectError
from andon.lake.commits import Draft
from andon.lake.refs import RefMove
from andon.model.commit import CommitKind, State
from kit.clones import FILES, Clone, closing

COUNT = "datasets/marts/count.sql"
NEW = "datasets/marts/new.sql"
CODE = sorted(path for path in FILES if not path.startswith("raw/"))


def files(clone: Clone) -> dict[str, str]:
    return {path: (clone.root / path).read_text() for path in CODE if (clone.root / path).exists()}


def test_after_an_undo_of_the_first_publish_all_files_stay(project):
    project.run()
    project.undo()
    pulled = project.pull()
    assert pulled.kept == tuple(CODE)
    assert (pulled.written, pulled.removed, pulled.conflicts) == ((), (), ())
    assert files(project) == {path: FILES[path] for path in CODE}


@pytest.mark.parametrize("who", ["who published", "a colleague", "a fresh clone"])
def test_what_was_undone_stays_in_the_folder_and_out_of_the_branch(shared, tmp_path, who):
    ana, ben = shared
    ana.write(COUNT, "select 7 as n\n")
    ana.write(NEW, "select 1 as n\n")
    ana.run()
    ben.pull()
    ben.run()
    ana.undo()
    clone = {"who published": ana, "a colleague": ben}.get(who)
    if clone is None:
        shutil.copytree(ana.root, tmp_path / "fresh", ignore=shutil.ignore_patterns(".andon"))
        clone = Clone(tmp_path / "fresh", "ci", environ=ana.environ)

    for _ in range(2):
        assert clone.pull().kept == (COUNT, NEW)
    assert (clone.root / COUNT).read_text() == "select 7 as n\n"
    clone.run()

    assert clone.ask("select n from marts.count") == [(3,)]
    assert "marts.new" not in clone.leaves()
    clone.accept(COUNT)
    clone.run()
    assert clone.ask("select n from marts.count") == [(7,)]


def test_undone_work_stays_beside_what_a_colleague_published_since_and_is_merged_once_it_is_edited(shared):
    ana, ben = shared
    ana.write(COUNT, "select 7 as n\n")
    ana.run()
    ana.undo()
    ben.write(COUNT, "select 8 as n\n")
    ben.run()
    assert ana.pull().kept == (COUNT,)
    assert (ana.root / COUNT).read_text() == "select 7 as n\n"
    ana.write(COUNT, "select 9 as n\n")
    with pytest.raises(ConflictError):
        ana.run()
    assert ana.pull().conflicts == (COUNT,)


def test_a_deletion_of_what_was_undone_is_not_taken_back(shared):
    ana, _ = shared
    ana.write(COUNT, "select 7 as n\n")
    ana.run()
    ana.undo()
    ana.write(COUNT, None)
    assert ana.pull().written == ()
    ana.run()
    assert "marts.count" not in ana.leaves()


def test_a_switch_does_not_take_undone_work(shared):
    ana, _ = shared
    ana.branch("dev")
    ana.write(COUNT, "select 7 as n\n")
    ana.run()
    ana.undo()
    with pytest.raises(ConflictError, match="would be lost"):
        ana.switch("dev")


def test_a_file_whose_common_text_is_not_in_the_lake_is_not_taken(shared):
    ana, ben = shared
    ben.write(COUNT, None)
    ben.write("datasets/marts/best.sql", "select 1 as one\n")
    ben.run()
    with closing(ana.open()) as service, service.workspace.lake.database.write() as transaction:
        texts = [service.workspace.bases.of("main").code.files[p] for p in (COUNT, "datasets/marts/best.sql")]
        transaction.execute(f"delete from blob where id in ({', '.join('?' * len(texts))})", texts)
    pulled = ana.pull()
    assert pulled.kept == (COUNT,)
    assert pulled.conflicts == ("datasets/marts/best.sql",)
    text = (ana.root / "datasets/marts/best.sql").read_text()
    assert FILES["datasets/marts/best.sql"] in text
    assert "select 1 as one" in text


def test_a_text_that_is_merged_is_kept_as_it_was(shared):
    ana, ben = shared
    ben.write(COUNT, "select 1 as n\n")
    ben.run()
    ana.write(COUNT, "select 2 as n\n")
    ana.pull()
    from andon.base.hashing import digest

    with closing(ana.open()) as service:
        assert service.workspace.lake.objects.text(digest(b"select 2 as n\n")) == b"select 2 as n\n"


# -- paths


def commit_with(clone: Clone, path: str) -> None:
    with closing(clone.open()) as service:
        lake = service.workspace.lake
        head = lake.refs.resolve("main")
        state = lake.commits.state(head)
        lake.objects.put_texts([b"evil\n"])
        from andon.base.hashing import digest

        shared = {**state.shared, path: digest(b"evil\n")}
        draft = Draft((head.id,), CommitKind.CHANGE, "eve", "evil", head.time)
        lake.commit(draft, State(state.leaves, shared), [RefMove("main", "branch", head.id, "run")])


@pytest.mark.parametrize(
    "path",
    [
        "../evil.sql",
        "datasets/../../evil.sql",
        "/tmp/evil.sql",
        "//tmp/evil.sql",
        ".git/hooks/post-checkout",
        "datasets/.git/hooks/a.sql",
        ".andon/base/a.sql",
        "datasets//evil.sql",
        "datasets/./evil.sql",
        "",
        "datasets/",
        "datasets/a\0.sql",
    ],
)
def test_a_commit_that_names_no_project_path_is_not_read(shared, path):
    ana, _ = shared
    commit_with(ana, path)
    with pytest.raises(MachineError) as caught:
        ana.pull()
    assert caught.value.code == "lake.corrupt"


def test_what_is_no_file_of_a_project_is_not_written(shared):
    ana, _ = shared
    commit_with(ana, "Makefile")
    with pytest.raises(MachineError) as caught:
        ana.pull()
    assert caught.value.code == "lake.corrupt"
    assert not (ana.root / "Makefile").exists()


@pytest.mark.parametrize("target", ["../outside", ".git/hooks"])
def test_links_that_lead_out_are_not_followed(shared, target):
    ana, ben = shared
    ben.write("datasets/linked/a.sql", "select 1 as n\n")
    ben.run()
    (ana.root / target).mkdir(parents=True)
    (ana.root / "datasets/linked").symlink_to((ana.root / target).resolve(), target_is_directory=True)
    with pytest.raises(ProjectError) as caught:
        ana.pull()
    assert [problem.code for problem in caught.value.problems] == ["project.link_outside"]
    assert list((ana.root / target).iterdir()) == []


def test_a_linked_file_is_replaced_and_what_it_leads_to_stays(shared):
    ana, ben = shared
    outside = ana.root.parent / "count.sql"
    outside.write_text(FILES[COUNT])
    (ana.root / COUNT).unlink()
    (ana.root / COUNT).symlink_to(outside)
    ben.write(COUNT, "select 1 as n\n")
    ben.run()
    ana.pull()
    assert outside.read_text() == FILES[COUNT]
    assert (ana.root / COUNT).read_text() == "select 1 as n\n"
