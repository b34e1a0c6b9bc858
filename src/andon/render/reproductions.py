"""Words for past versions that were built again. Pure."""

from __future__ import annotations

from andon.model.reproduction_sample import NotedReproduction
from andon.render.words import moment, short


def rebuilt_words(found: NotedReproduction, build: str) -> str:
    """What came out, when and by whom; said of another build than `build` where it was one."""
    code = f" ({found.code})" if found.code is not None else ""
    other = "" if found.build == build else ", another version of it"
    return f"{moment(found.at)} UTC by {found.who}: {found.spoken}{code}{other}"


def repeat_commands(dataset: str, commit: str) -> tuple[str, str]:
    """What builds the version of a commit again here, and what packs it for elsewhere."""
    version = f"{dataset}@{short(commit)}"
    return f"andon reproduce {version}", f"andon isolate {version}"
