"""Whatever words a save is given, it is done or refused with an error of ours; the folder can be run as before."""

from __future__ import annotations

import contextlib
import random

import pytest

from andon.errors import AndonError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.service.saved_texts import ToSave

AGREED = RunOptions(agreed=ANY_PLAN)
GOOD = ["select customer, sum(amount) as total from shop.orders group by all", "select 1 as x;", "from marts.totals"]
#: What breaks YAML, SQL, names, encodings, or looks like what it is not.
WORDS = [
    *(
        "",
        " ",
        "\ud800",
        "\x00",
        "a\nb",
        "---*/",
        "/*---",
        "*/",
        "{",
        "[",
        "- a",
        "a: b",
        "null",
        "1",
        "true",
        "é😀",
        "\u2028",
    ),
    *(
        "'",
        '"',
        "#",
        "@a",
        "&a",
        "*a",
        "!a",
        "| a",
        "a, b",
        "\\",
        "\t",
        "x" * 5000,
        "6h",
        "view",
        "total > 0",
        "deadbeef",
        "all",
    ),
    *("m=date", "m=date=2026", "m=text={a", "m=text=a: b", "marts.x", "q", "select $m as m", ";", "--", "/* a"),
    *("/*---\nowner: [\n---*/\nselect 1", "/*---\nowner: b\n---*/ select 1 as x", "select '/*---' as x"),
]


@pytest.mark.parametrize("seed", [1, 2])
def test_any_words_are_taken_or_refused(project, seed):
    project.run()
    pick = random.Random(seed)

    def maybe(share: float) -> str | None:
        return pick.choice(WORDS) if pick.random() < share else None

    def some(share: float) -> tuple[str, ...] | None:
        return tuple(pick.choices(WORDS, k=pick.randint(0, 2))) if pick.random() < share else None

    done = 0
    with project.opened() as service:
        for _ in range(120):
            wanted = ToSave(
                pick.choice(["marts.x", "marts.x", "q", "q", pick.choice(WORDS)]),
                pick.choice([*GOOD * 6, *WORDS, None]),
                owner=maybe(0.2),
                description=maybe(0.3),
                materialize=maybe(0.1),
                refresh=maybe(0.1),
                tags=some(0.2),
                key=some(0.1),
                parameters=some(0.1),
                checks=some(0.2) or (),
                replaces=pick.random() < 0.8,
            )
            with contextlib.suppress(AndonError):
                done += service.saving.save(wanted, AGREED).published
            if pick.random() < 0.1:
                with contextlib.suppress(AndonError):
                    service.renaming.rename(wanted.name, pick.choice(["marts.z", "r", pick.choice(WORDS)]), AGREED)
            if pick.random() < 0.1:
                with contextlib.suppress(AndonError):
                    service.renaming.retire([wanted.name], AGREED)
        assert done > 3
        assert service.runs.plan(RunOptions()).works == ()  # the folder has what is published
