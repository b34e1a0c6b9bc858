"""A sample over history: every build that was ever shown is there once, is asked once, and is counted as it came out; what does not come
out the same stands first; what came out is kept, whoever else writes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.base.cancel import CancelToken
from andon.errors import UsageError
from andon.model.event import Event, Notice
from andon.model.reproduction import ReproVerdict
from andon.model.reproduction_sample import ReproductionSample, SampledVersion
from andon.runs.goal import Listener
from andon.runs.rebuilding.sample import ShownBuild, drawn, shown_builds
from andon.service.reproduction_samples import SampleOptions
from kit.clones import Clone

DICE = "/*---\nallow: [random]\nkey: k\n---*/\nselect range as k, random() as x from range(5)\n"
TOTALS = "select count(*) as n, sum(k) + {} as k from a.base\n"


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A project with edits, an undo, a redo, a branch, a dataset that is gone, and one that comes out otherwise each time."""
    clone = Clone(tmp_path_factory.mktemp("sample") / "acme é")
    clone.fill(
        {
            "andon.toml": "",
            "datasets/a/base.sql": "select range as k from range(4)\n",
            "datasets/a/totals.sql": TOTALS.format(0),
            "datasets/a/gone.sql": "select 1 as one\n",
        }
    )
    clone.run()
    clone.write("datasets/a/totals.sql", TOTALS.format(1))
    clone.run()
    clone.undo()
    clone.pull()
    (clone.root / "datasets/a/gone.sql").unlink()
    clone.write("datasets/a/dice.sql", DICE)
    clone.run()
    clone.switch("try", create=True)
    clone.write("datasets/a/totals.sql", TOTALS.format(2))
    clone.run(branch="try")
    clone.switch("main")
    return clone


def sampled(clone: Clone, *datasets: str, options: SampleOptions = SampleOptions()) -> ReproductionSample:  # noqa: B008
    with clone.opened() as service:
        return service.reproduction_samples.sample(datasets, options)


def by_hand(clone: Clone, ref: str) -> dict[tuple[str, str], str]:
    """`{(dataset, build): the first commit that shows it}` of a branch, by looking at every commit whole."""
    with clone.opened() as service:
        lake = service.workspace.lake
        history = [*lake.commits.first_parents(lake.refs.head(ref))]
        return {
            (name, leaf.build): commit.id
            for commit in history
            for name, leaf in lake.commits.state(commit).leaves.items()
        }


@pytest.mark.parametrize("ref", ["main", "try"])
def test_each_build_that_was_ever_shown_is_there_once_with_the_commit_that_showed_it_first(lived, ref):
    with lived.opened() as service:
        lake = service.workspace.lake
        shown = shown_builds(lake.commits, lake.refs.head(ref), lambda _: True)
    found = {(each.dataset, each.build): each.commit for each in shown}
    assert len(found) == len(shown)
    assert found == by_hand(lived, ref)
    assert len({each.build for each in shown if each.dataset == "a.totals"}) == (2 if ref == "main" else 3)


def test_all_is_every_build_asked_once_and_counted_as_it_came_out(lived):
    with lived.opened() as service:
        before = service.workspace.reproductions.last()
        found = service.reproduction_samples.sample()
        noted = service.workspace.reproductions.within("", "9")[before:]
    assert {(each.dataset, each.build): each.commit for each in found.versions} == by_hand(lived, "main")
    assert Counter(each.build for each in noted) == Counter(each.build for each in found.versions)
    assert {each.build: each.verdict for each in noted} == {each.build: each.verdict for each in found.versions}
    verdicts = {each.dataset: each.verdict for each in found.versions}
    assert verdicts.pop("a.dice") is ReproVerdict.DIFFERENT
    assert set(verdicts.values()) == {ReproVerdict.IDENTICAL}, "also of what is gone and what was undone"
    assert found.versions[0].dataset == "a.dice", "what is different is read first"
    assert (found.identical, found.equal, found.different, found.failed, found.kept) == (4, 0, 1, 0, 0)
    assert (found.share, found.of, found.holds) == (0.8, 5, False)


def test_the_same_seed_draws_the_same_and_a_chosen_one_is_told(lived):
    one = sampled(lived, options=SampleOptions(3))
    assert one.seed is not None
    other = sampled(lived, options=SampleOptions(3, seed=one.seed))
    assert [each.build for each in one.versions] == [each.build for each in other.versions]
    assert (len(one.versions), one.of) == (3, 5)


def test_since_is_what_came_later_and_names_are_those_of_then(lived):
    def names(*datasets: str, since: str | None = None, at: str | None = None) -> list[str]:
        found = sampled(lived, *datasets, options=SampleOptions(since=since, at=at))
        return sorted(each.dataset for each in found.versions)

    assert names("a.gone") == ["a.gone"]
    assert names("a.d*", "a.t*") == ["a.dice", "a.totals", "a.totals"]
    assert names(since="main~1") == ["a.dice"]
    assert names(since="main") == []
    assert names("a.totals", since="main", at="try") == ["a.totals"]
    assert names("a.totals", since="1d") == ["a.totals"] * 2
    for wrong, options, code in (
        (["a.never"], SampleOptions(), "lake.dataset_not_found"),
        ([], SampleOptions(since="nope"), "lake.ref_not_found"),
        ([], SampleOptions(at="nope"), "lake.ref_not_found"),
        ([], SampleOptions(since="2100-01-01"), "usage.bad_argument"),
        ([], SampleOptions(0), "usage.bad_argument"),
    ):
        with pytest.raises(UsageError) as raised:
            sampled(lived, *wrong, options=options)
        assert raised.value.code == code


def test_what_cannot_be_built_is_told_with_its_error_and_the_rest_goes_on(project):
    project.run()
    with project.opened() as service:
        lake = service.workspace.lake
        leaf = lake.commits.state(lake.refs.head("main")).leaves["shop.orders"]
        (file,) = lake.objects.versions([leaf.version])[leaf.version].files
        place = Path(lake.storage.engine_path(file.path))
        before = place.stat()
        whole = place.read_bytes()
        place.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
        os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
        found = service.reproduction_samples.sample(["marts.totals", "marts.count"])
        assert {each.code for each in found.versions} == {"lake.corrupt"}
        assert (found.share, found.failed, found.holds) == (0.0, 2, False)
        noted = service.datasets.show("marts.totals", rows=0).rebuilt
        assert noted is not None
        assert (noted.verdict, noted.code, noted.holds) == (None, "lake.corrupt", False)


def test_what_came_out_is_shown_with_the_dataset(lived):
    with lived.opened() as service:
        for name, verdict in (("a.dice", ReproVerdict.DIFFERENT), ("a.base", ReproVerdict.IDENTICAL)):
            service.reproducing.reproduce(name)
            page = service.datasets.show(name, rows=0)
            assert page.rebuilt is not None
            assert (page.rebuilt.verdict, page.rebuilt.who, page.rebuilt.build) == (verdict, "ana", page.leaf.build)
            assert page.rebuilt.at[:10] == service.workspace.clock().isoformat()[:10]


def test_a_sample_that_is_stopped_tells_what_was_built_till_then(lived):
    cancel, heard = CancelToken(), []

    def hear(event: Event) -> None:
        heard.append(event)
        if len(heard) == 2:
            cancel.cancel()

    with lived.opened() as service:
        found = service.reproduction_samples.sample((), SampleOptions(), Listener(hear, cancel))
    assert (len(found.versions), found.of) == (2, 5)
    assert [isinstance(each, Notice) for each in heard] == [True, True]


ASKS = """
import sys
from pathlib import Path
from kit.clones import Clone
with Clone(Path(sys.argv[1]), sys.argv[2]).opened() as service:
    print(len(service.reproduction_samples.sample().versions))
"""


def test_two_processes_at_once_lose_nothing(lived):
    with lived.opened() as service:
        before = service.workspace.reproductions.last()
    asked = [
        subprocess.Popen(
            [sys.executable, "-c", ASKS, str(lived.root), who],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        for who in ("ben", "cleo")
    ]
    assert [process.communicate()[0].strip() for process in asked] == [b"5", b"5"]
    with lived.opened() as service:
        noted = service.workspace.reproductions.within("", "9")[before:]
        assert service.workspace.reproductions.last() == before + 10
    assert Counter(each.who for each in noted) == {"ben": 5, "cleo": 5}
    assert set(Counter((each.who, each.build) for each in noted).values()) == {1}


@st.composite
def histories(draw: st.DrawFn) -> list[ShownBuild]:
    owners = draw(st.lists(st.integers(0, 5), max_size=40))
    return [ShownBuild(f"d{name}", f"b{at}", f"v{at}", f"c{at}", f"{at:04}") for at, name in enumerate(owners)]


@given(histories(), st.integers(1, 50), st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_a_draw_is_spread_over_datasets_and_over_the_time_of_each(shown, count, seed):
    found = drawn(shown, count, seed)
    assert found == drawn([*reversed(shown)], count, seed)
    assert len({each.build for each in found}) == len(found) == min(count, len(shown))
    assert set(found) <= set(shown)
    there, taken = (Counter(each.dataset for each in group) for group in (shown, found))
    most = max(taken.values(), default=0)
    assert all(taken[name] >= min(there[name], most - 1) for name in there), (
        "none waits while another has its second turn"
    )
    for name, parts in taken.items():
        own = [each for each in shown if each.dataset == name]
        places = [own.index(each) for each in found if each.dataset == name]
        edges = [len(own) * part // parts for part in range(parts + 1)]
        assert all(edges[n] <= place < edges[n + 1] for n, place in enumerate(places)), "one of each part of its time"


@given(st.lists(st.tuples(st.sampled_from([*ReproVerdict, None]), st.booleans()), max_size=12))
@settings(max_examples=60, deadline=None)
def test_the_share_is_a_count_by_hand(drawn_verdicts):
    versions = [
        SampledVersion(
            "d", "c", "t", str(number), "v", verdict, "", None, kept and verdict is ReproVerdict.IDENTICAL, 0.0
        )
        for number, (verdict, kept) in enumerate(drawn_verdicts)
    ]
    found = ReproductionSample.counted("main", None, None, len(versions), versions)
    built = [each for each in versions if not each.kept]
    good = [each for each in built if each.verdict in (ReproVerdict.IDENTICAL, ReproVerdict.EQUAL)]
    assert found.share == (round(len(good) / len(built), 4) if built else None)
    assert found.identical + found.equal + found.different + found.failed + found.kept == len(versions)
    assert found.holds == (len(good) == len(built))
    order = [each.verdict for each in found.versions]
    assert order == sorted(order, key=[ReproVerdict.DIFFERENT, None, ReproVerdict.EQUAL, ReproVerdict.IDENTICAL].index)


SEEN = 'from andon import source\n\n\n@source(key="k")\ndef seen():\n    yield {"k": 1}\n'


def test_a_load_that_cannot_be_asked_for_again_makes_no_share_better(tmp_path):
    clone = Clone(tmp_path / "acme")
    clone.fill({"andon.toml": "", "sources/a/seen.py": SEEN, "datasets/a/dice.sql": DICE})
    clone.run()
    with clone.opened() as service:
        found = service.reproduction_samples.sample()
        rebuilt = service.scorecards.scorecard("30d", "main").principles[3].measures[0]
        loads = service.reproduction_samples.sample(["a.seen"])
    assert {each.dataset: (each.verdict, each.kept) for each in found.versions} == {
        "a.seen": (ReproVerdict.IDENTICAL, True),
        "a.dice": (ReproVerdict.DIFFERENT, False),
    }
    assert (found.share, found.identical, found.different, found.kept) == (0.0, 0, 1, 1)
    assert (rebuilt.key, rebuilt.value, rebuilt.of) == ("rebuilt_same", 0.0, 1)
    assert (loads.share, loads.kept, loads.holds) == (None, 1, True)
