"""Sixty days of a team's work: what is repeated is found, what looks like it isn't, and nothing before the third time."""

from __future__ import annotations

from datetime import UTC
from functools import lru_cache

from andon.operations.repeats.corrections import repeated_corrections
from andon.operations.repeats.files import repeated_files
from andon.operations.repeats.questions import repeated_questions
from andon.operations.repeats.runs import repeated_runs
from andon.sql.question import question_form
from kit.repeats.month import Month, Records

SEEDS = range(10)
forms = lru_cache(maxsize=None)(question_form)


def _offered(records: Records) -> list[str]:
    """The story of each offer; a story that is offered twice is there twice."""
    told = records.story_of
    answered = {form.core: name for sql, name in records.answered.items() if (form := forms(sql)) is not None}
    found = [told["query", one.sql] for one in repeated_questions(records.asked, forms, answered).repeats]
    found += [
        told["run", " ".join(one.selection)] for one in repeated_runs(records.runs, "main", records.scheduled, UTC)
    ]
    found += [told["file", one.paths[0]] for one in repeated_files(records.files)]
    corrections = repeated_corrections(records.corrections, records.incidents)
    return found + [told["correction", f"{one.kind} {one.dataset}"] for one in corrections]


def test_repeats_among_decoys() -> None:
    hits = wrong = missed = 0
    said = []
    for seed in SEEDS:
        records = Month(seed).make()
        repeats = {story.name for story in records.stories if story.is_repeat}
        assert (len(repeats), len(records.stories)) == (12, 52)
        offered = _offered(records)
        good = repeats & set(offered)
        hits, missed = hits + len(good), missed + len(repeats - good)
        wrong += len(offered) - len(good)
        said += [(seed, name) for name in sorted([*(repeats - good), *(set(offered) - repeats)])]
    assert hits / (hits + wrong) >= 0.9, said
    assert hits / (hits + missed) >= 0.8, said
    print(hits, wrong, missed, said)


def test_nothing_before_the_third_time() -> None:
    for seed in SEEDS[:4]:
        records = Month(seed).make()
        for story in records.stories:
            if story.is_repeat:
                before = records.until(story.times[2])
                assert story.name not in _offered(before), (seed, story)
