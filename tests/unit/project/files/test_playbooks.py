"""`playbooks.yml`: what it may say, every problem at its place, and lines that are added to it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.base.record import replace
from andon.errors import ProjectError
from andon.model.action import ActionKind
from andon.model.playbook import Breakers, Playbook, PlaybookBounds, PlaybookMode, PlaybookTrigger
from andon.model.signal import SignalKind
from andon.project.files.facts import PlaybooksFile
from andon.project.files.playbooks import read_playbooks
from andon.project.write_playbook import add_playbook

WHOLE = """# what answers what
breakers: {incident: 4, dataset: 2, workspace: 9}
playbooks:
  - name: the shop comes back
    on: {kind: source, dataset: "shop.*", code: source.unreachable}
    do: retry
    mode: automatic
    attempts: 3
    wait: [1 min, 5 min]
    within: 1h
  - on:
      kind: [late, volume]
      dataset: [shop.orders, "raw.*"]
    do: command
    with: {run: [python, tools/ask.py], timeout: 10s}
    share: 2.5%
"""


def read(text: str):
    facts = read_playbooks("playbooks.yml", text)
    return facts.said, [f"{p.line}:{p.column} {p.message} | {p.hint}" for p in facts.problems]


def test_what_it_says():
    said, problems = read(WHOLE)
    assert problems == []
    assert isinstance(said, PlaybooksFile)
    assert said.playbooks.breakers == Breakers(4, 2, 9)
    first, second = said.playbooks.lines
    assert first == Playbook(
        PlaybookTrigger((SignalKind.SOURCE,), ("shop.*",), code=("source.unreachable",)),
        ActionKind.RETRY,
        PlaybookMode.AUTOMATIC,
        PlaybookBounds(3, wait=(60.0, 300.0), within=3600.0),
        name="the shop comes back",
        line=4,
    )
    assert second.params == {"run": ["python", "tools/ask.py"], "timeout": 10.0}
    assert (second.mode, second.bounds.share) == (PlaybookMode.SUPERVISED, 0.025)
    assert [use.name for use in said.uses] == ["shop.orders"], "patterns may name nothing yet, names may not"


def test_all_that_is_wrong_is_told_with_its_place():
    _, problems = read("""breakers: {dataset: -1, insident: 2}
playbooks:
  - {on: {kind: chek}, do: retry}
  - {on: {kind: check, colour: red}, do: retri}
  - {do: command, on: {kind: late}}
  - {do: reload}
  - {on: {}, do: undo, attempts: many, wait: soon, share: 200%}
  - {on: {kind: late}, do: retry, with: {a: 1}}
  - {on: {kind: late}, do: reload}
  - {name: the same, on: {kind: late}, do: reload, mode: automatic}
playbook: []
""")
    assert problems == [
        "11:1 there is no key `playbook` | did you mean `playbooks`?",
        "1:21 `dataset` must be a whole number, not below zero, found the number -1 | None",
        "1:25 there is no key `insident` | did you mean `incident`?",
        "3:17 there is no kind of that name, found `chek` | did you mean `check`?",
        "4:42 `do` must be `retry` or `reload` or `backfill` or `accept-schema` or `undo` or `pause`"
        " or `deduplicate` or `quarantine` or `command` or `webhook` or `notify` or `request`, found `retri` | did you mean `retry`?",
        "4:24 there is no key `colour` | known are `kind`, `dataset`, `tag`, `owner`, `code`, `check`, `state`, `transient`",
        "5:5 `command` needs `with.run` | add `with: {run: …}`",
        "6:5 a playbook needs `on` | add `on: …`",
        "7:34 `attempts` must be a whole number, not below zero, found the text `many` | None",
        "7:46 `wait` must be a length of time, found `soon` | such as `45s`, `20 min`, `6h`",
        "7:59 `share` must be a share, found the text `200%` | such as `0.1%` or `0.001`",
        "7:10 `on` says nothing, and would answer every incident | say at least the `kind`",
        "8:35 `retry` is told nothing | take `with` out",
        "10:1 the playbook on line 9 answers the same with the same | keep one of them",
    ]


def test_an_empty_file_says_nothing():
    said, problems = read("# nothing yet\n")
    assert (said, problems) == (PlaybooksFile(said.playbooks), [])
    assert said.playbooks.lines == ()


_words = st.lists(
    st.text(st.sampled_from("ab.*: '\"#-{}é1"), min_size=1, max_size=6).map(str.strip).filter(bool), max_size=2
)
_lines = st.builds(
    Playbook,
    st.builds(
        PlaybookTrigger,
        st.lists(st.sampled_from(list(SignalKind)), min_size=1, max_size=2, unique=True).map(tuple),
        _words.map(tuple),
        _words.map(tuple),
        code=_words.map(tuple),
        check=_words.map(tuple),
        transient=st.sampled_from([None, True, False]),
    ),
    st.sampled_from([ActionKind.RETRY, ActionKind.UNDO, ActionKind.RELOAD]),
    st.sampled_from(list(PlaybookMode)),
    st.builds(
        PlaybookBounds,
        st.integers(0, 9),
        wait=st.sampled_from([(), (60.0,), (60.0, 90.0, 7200.0)]),
        share=st.sampled_from([None, 0.001, 0.5]),
    ),
    name=st.sampled_from(["", "a name: with signs", "true"]),
    why=st.sampled_from([None, "since the shop says so"]),
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no defect
@given(
    st.lists(_lines, min_size=1, max_size=3, unique_by=lambda line: line.id), st.sampled_from(["", WHOLE, "# words\n"])
)
def test_a_line_that_is_added_is_read_again_and_all_else_stays(lines, before):
    text = before
    for line in lines:
        text = add_playbook(text or None, line)
    facts = read_playbooks("playbooks.yml", text)
    assert facts.problems == ()
    assert isinstance(facts.said, PlaybooksFile)
    assert [replace(x, line=None) for x in facts.said.playbooks.lines[-len(lines) :]] == lines
    assert all(row in text.splitlines() for row in before.splitlines())


def test_a_line_that_can_not_be_added_is_shown():
    line = Playbook(PlaybookTrigger((SignalKind.LATE,)), ActionKind.RELOAD)
    with pytest.raises(ProjectError) as raised:
        add_playbook("playbooks: [{on: {kind: check}, do: undo}]\n", line)
    assert raised.value.code == "project.cannot_add"
    assert "do: reload" in (raised.value.hint or "")
    with pytest.raises(ProjectError):
        add_playbook(add_playbook(None, line), line)
