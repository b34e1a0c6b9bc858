"""What is known of a dataset holds under each name that it ever had: after an undo in a process that goes on, and for what it hides."""

from __future__ import annotations

from pathlib import Path

import pytest

from andon.lake.former_names import FormerNames
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.service import Service
from andon.workspace.masks import masked_columns
from kit.clones import Clone

PEOPLE = "select id, mail{} from read_csv('raw/people.csv')\n"
MARKED = "/*---\ncolumns:\n  {}\n---*/\n" + PEOPLE


@pytest.fixture
def people(tmp_path: Path) -> Clone:
    clone = Clone(tmp_path / "acme")
    clone.fill({"andon.toml": "", "raw/people.csv": "id,mail\n1,ada@x\n", "sources/hr/people.sql": PEOPLE.format("")})
    clone.run()
    return clone


def renamed(service: Service, old: str, new: str) -> None:
    assert service.renaming.rename(old, new, RunOptions(agreed=ANY_PLAN)).published


def hidden(clone: Clone, ref: str) -> dict[str, frozenset[str]]:
    with clone.opened() as service:
        return masked_columns(service.workspace, service.workspace.lake.refs.resolve(ref))


def test_a_process_that_goes_on_knows_the_names_that_a_fresh_one_does(people: Clone) -> None:
    with people.opened() as service:
        lake = service.workspace.lake
        for act in ("look", "rename", "undo", "redo", "undo"):
            if act == "rename":
                renamed(service, "hr.people", "hr.staff")
            elif act != "look":
                getattr(service.undoing, act)()
            head = lake.refs.resolve("main")
            state = lake.commits.state(head)
            fresh = FormerNames(lake.database, lake.objects).of(head, state)
            assert lake.former_names.of(head, state) == fresh, act
        assert fresh == {"hr.staff": "hr.people"}


def test_a_mark_that_is_set_later_hides_what_was_published_under_another_name(people: Clone) -> None:
    with people.opened() as service:
        renamed(service, "hr.people", "hr.staff")
    people.pull()
    people.write("sources/hr/staff.sql", MARKED.format("mail: {pii: true}", ""))
    people.run()
    shown = hidden(people, "main~2")
    assert "mail" in shown["hr.people"] & shown["hr.staff"]


def test_a_mark_hides_what_a_column_held_under_the_name_before(people: Clone) -> None:
    people.write("sources/hr/people.sql", MARKED.format("email: {pii: true, was: mail}", " as email"))
    people.run()
    assert {"mail", "email"} <= hidden(people, "main~1")["hr.people"]
