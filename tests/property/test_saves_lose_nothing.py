"""Two people who save, put texts in the place of files, edit their folders, run, undo, rename, retire and pull, in any order: what is
saved is published and nothing else with it, and no edit of a folder is lost."""

from __future__ import annotations

import itertools
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.errors import AndonError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.editing import ToEdit
from andon.service.pull import pull
from andon.service.saved_texts import ToSave
from andon.service.service import Service
from kit.clones import Clone

AGREED = RunOptions(agreed=ANY_PLAN)
NAMES = ("d.a", "d.b", "asked")
#: What each is renamed to.
OTHERS = {"d.a": "d.b", "d.b": "d.a", "asked": "asked"}
#: What a save may be refused for.
REFUSED = {
    "lake.folder_dirty",
    "lake.folder_conflict",
    "lake.dataset_not_found",
    "lake.query_not_found",
    "usage.exists",
}

who = st.sampled_from([0, 1])
name = st.sampled_from(NAMES)
number = st.integers(0, 2)
steps = st.one_of(
    st.tuples(st.just("save"), who, name, number),
    st.tuples(st.just("save"), who, name, number),
    st.tuples(st.just("put"), who, name, number, st.integers(0, 1)),
    st.tuples(st.just("edit"), who, name, number),
    st.tuples(st.just("edit"), who, name, st.none()),
    st.tuples(st.just("run"), who),
    st.tuples(st.just("run"), who),
    st.tuples(st.just("undo"), who),
    st.tuples(st.just("pull"), who),
    st.tuples(st.just("retire"), who, name),
    st.tuples(st.just("rename"), who, name),
)


def path_of(name: str) -> str:
    return f"datasets/{name.replace('.', '/')}.sql" if "." in name else f"queries/{name}.sql"


PATHS = {path_of(name): name for name in NAMES}
Texts = dict[str, str]


class People:
    """Two folders on one lake, and what each of the two wrote into the own one that no publish had yet."""

    def __init__(self, root: Path) -> None:
        places = {"ANDON_STORAGE": str(root / "lake"), "ANDON_CATALOG": str(root / "catalog.db")}
        self.clones = [Clone(root / author, author, environ=places) for author in ("ana", "ben")]
        for clone in self.clones:
            clone.write("andon.toml", "")
        self.services: list[Service] = [clone.open() for clone in self.clones]
        self.mine: list[Texts] = [{}, {}]
        #: Every text that the branch ever had.
        self.published: set[str] = set()
        self.serial = itertools.count()
        #: Why the newest step that was refused was refused.
        self.refused = ""

    def text(self, number: int) -> str:
        """A text of few meanings, and no two are the same."""
        return f"select {number} as n -- {next(self.serial)}\n"

    def folder(self, person: int) -> Texts:
        found = {path: self.clones[person].read(path) for path in PATHS}
        return {path: text for path, text in found.items() if text is not None}

    def branch(self) -> Texts:
        lake = self.services[0].workspace.lake
        files = lake.commits.state(lake.refs.resolve("main")).files()
        return {path: lake.objects.text(sha).decode() for path, sha in files.items() if path in PATHS}

    def do(self, step: tuple) -> None:
        kind, person, *rest = step
        folders, head = [self.folder(0), self.folder(1)], self.branch()
        done = self._done(kind, person, *rest)
        now, after = self.branch(), [self.folder(0), self.folder(1)]
        self.published |= set(now.values())
        other = 1 - person
        assert after[other] == folders[other]
        changed = {path for path in PATHS if head.get(path) != now.get(path)}
        if kind in ("save", "put"):
            path, text = path_of(rest[0]), done
            assert changed == ({path} if text is not None else set())
            if text is not None:
                assert now[path] == text
                assert after[person] == {**folders[person], path: text}  # nobody else's branch: the folder follows
            else:
                assert after[person] == folders[person]
                # nothing else is a ground, but that another text was published since it was looked at
                assert path in self.mine[person] or (
                    kind == "put" and rest[2] and self.refused == "lake.folder_conflict"
                )
        elif kind == "retire":
            assert changed <= {path_of(rest[0])}
            assert {p: t for p, t in after[person].items() if p != path_of(rest[0])} == {
                p: t for p, t in folders[person].items() if p != path_of(rest[0])
            }
        elif kind == "rename":
            both = {path_of(rest[0]), path_of(OTHERS[rest[0]])}
            assert changed in (set(), both)
            assert {p: t for p, t in after[person].items() if p not in both} == {
                p: t for p, t in folders[person].items() if p not in both
            }
            if changed:
                assert now[path_of(OTHERS[rest[0]])] == head[path_of(rest[0])]
                assert after[person].get(path_of(rest[0])) is None
        elif kind == "run":
            assert changed <= self.mine[person].keys() | {p for p in PATHS if p not in folders[person]}
            assert changed <= set(self.mine[person])
            assert after[person] == folders[person]
        elif kind == "edit":
            assert changed == set()
        self._nothing_is_lost(kind, person, folders[person], after[person])
        self._forget_what_is_published(now)

    def _done(self, kind: str, person: int, *rest) -> str | None:
        """Do one step; for a save the text, where it was published."""
        service = self.services[person]
        if kind == "edit":
            path = path_of(rest[0])
            text = self.text(rest[1]) if rest[1] is not None else None
            if text is not None or self.clones[person].read(path) is not None:
                self.clones[person].write(path, text)
                self.mine[person][path] = text or ""
            return None
        try:
            if kind == "save":
                text = self.text(rest[1])
                done = service.saving.save(ToSave(rest[0], text, replaces=True), AGREED)
                assert (done.published, done.behind) == (True, ())
                return text
            if kind == "put":
                text, refs = self.text(rest[1]), service.workspace.lake.refs
                head = refs.resolve("main")
                seen = head.parent if rest[2] and head.parent is not None else head.id
                edited = service.editing.save(ToEdit(path_of(rest[0]), text, seen), AGREED)
                assert (edited.published, edited.behind) == (True, ())
                return text
            if kind == "retire":
                service.renaming.retire([rest[0]], AGREED)
            elif kind == "rename":
                service.renaming.rename(rest[0], OTHERS[rest[0]], AGREED)
            elif kind == "run":
                service.runs.run(AGREED)
            elif kind == "undo":
                service.undoing.undo()
            else:
                pull(service.workspace)
        except AndonError as error:
            if kind in ("save", "put", "retire", "rename") and error.code not in REFUSED:
                raise
            self.refused = error.code
        return None

    def _nothing_is_lost(self, kind: str, person: int, before: Texts, after: Texts) -> None:
        """What a step took out of a folder was published once, or stands in what a pull merged."""
        if kind == "edit":
            return
        for path, text in before.items():
            kept = after.get(path, "")
            assert kept == text or text in self.published or text.strip() in kept, (kind, path)

    def _forget_what_is_published(self, now: Texts) -> None:
        for person in (0, 1):
            folder = self.folder(person)
            self.mine[person] = {p: t for p, t in self.mine[person].items() if folder.get(p) != now.get(p)}

    def close(self) -> None:
        for service in self.services:
            service.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, min_size=4, max_size=14))
def test_what_is_saved_is_published_and_no_edit_is_lost(taken):
    with tempfile.TemporaryDirectory() as place, closing(People(Path(place))) as people:
        for step in taken:
            people.do(step)
