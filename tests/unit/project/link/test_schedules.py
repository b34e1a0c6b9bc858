"""What `refresh` and groups say together, and everything that is wrong with it, with its place."""

from __future__ import annotations

from andon.operations.scheduling.book import book_of
from kit.projects import SOURCE, load_texts

TEXTS = SOURCE | {
    "datasets/marts/own.sql": '/*---\nrefresh: {cron: "0 6 * * 1-5", tz: Europe/Berlin}\ntags: [nightly]\n---*/\nselect 1 as x',
    "datasets/marts/day.sql": "/*---\ntags: [nightly]\n---*/\nselect 1 as x",
    "datasets/marts/hand.sql": "/*---\nrefresh: manual\n---*/\nselect 1 as x",
    "datasets/marts/key.sql": "/*---\nrefresh: {manual: true}\n---*/\nselect 1 as x",
    "datasets/marts/plain.sql": "select 1 as x",
    "andon.toml": """
[schedules.nightly]
select = ["tag:nightly"]
cron = "0 2 * * *"
tz = "America/New_York"

[schedules.often]
select = "marts.d* marts.own !marts.key"
every = "6h"
upstream = false
""",
}


def rules(texts: dict[str, str]) -> dict[str, list[str]]:
    project = load_texts(texts)
    assert not project.problems
    return {name: [rule.spoken for rule in entry.rules] for name, entry in book_of(project).entries.items()}


def test_its_own_word_wins_over_groups_and_groups_add_up() -> None:
    assert rules(TEXTS) == {
        "shop.orders": ["on upstream change"],
        "marts.own": ["cron 0 6 * * 1-5 Europe/Berlin", "on upstream change"],
        "marts.day": [
            "cron 0 2 * * * America/New_York (schedule nightly)",
            "every 6h (schedule often)",
            "on upstream change",
        ],
        "marts.hand": ["by hand"],
        "marts.key": ["by hand"],
        "marts.plain": ["on upstream change"],
    }


def test_all_that_is_wrong_is_told_with_its_place() -> None:
    texts = TEXTS | {
        "andon.toml": '[schedules.nightly]\nselect = ["tag:nightl"]\ncron = "0 2 * * *"\nexclude = ["marts.gone"]\n',
        "datasets/marts/a.sql": "/*---\nrefresh: {every: 1d, tz: UTC}\n---*/\nselect 1 as x",
        "datasets/marts/b.sql": '/*---\nrefresh: {cron: "0 6 * * *", tz: Europe/Berln}\n---*/\nselect 1 as x',
        "datasets/marts/c.sql": "/*---\nrefresh: {manual: true, every: 1d}\n---*/\nselect 1 as x",
        "datasets/marts/d.sql": "/*---\nrefresh: {manual: yes}\n---*/\nselect 1 as x",
        "datasets/marts/e.sql": "/*---\nrefresh: by hand\n---*/\nselect 1 as x",
    }
    found = {(p.file, p.line, p.message): p.hint or "" for p in load_texts(texts).problems}
    assert {(file, line) for file, line, _ in found} == {
        ("andon.toml", 2),
        ("andon.toml", 4),
        *((f"datasets/marts/{name}.sql", 2) for name in "abcde"),
    }
    assert any("`tag:nightly`" in hint or "`nightly`" in hint for hint in found.values())
    told_all = " ".join(message for _, _, message in found)
    for words in ("there is none", "time zone", "by hand alone", "true or false", "must be a mapping", "selects no"):
        assert words in told_all
