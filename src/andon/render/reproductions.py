"""Words for past versions that were built again. Pure."""

from __future__ import annotations

from andon.base.text import plural
from andon.model.build import Build
from andon.model.reproduction_sample import NotedReproduction
from andon.render.words import moment, short
from andon.service.proofs import ProofLine, ProofsDocument


def rebuilt_words(found: NotedReproduction, build: str) -> str:
    """What came out, when and by whom; said of another build than `build` where it was one."""
    code = f" ({found.code})" if found.code is not None else ""
    other = "" if found.build == build else ", another version of it"
    return f"{moment(found.at)} UTC by {found.who}: {found.spoken}{code}{other}"


def proof_words(line: ProofLine) -> str:
    """How a version came out: what is known of that, and the likeliest cause."""
    code = f" ({line.code})" if line.code is not None else ""
    if line.cause is None:
        return f"{line.how}{code}"
    place = line.cause.file or ""
    at = f" {place}:{line.cause.line}" if line.cause.line is not None else f" {place}" if place else ""
    said = ", as its code says" if line.expected else "" if place else f", {line.cause.why}"
    return f"{line.how}{code}: {line.cause.what}{at}{said}"


def proved_words(found: ProofsDocument) -> list[str]:
    """What all of it comes to, and what is done each night."""
    if found.share is None:
        told = ["no version was built again yet: `andon reproduce --sample 20`"]
    else:
        share = f"{int(1000 * found.share) / 10:g} %"  # never 100 % of what is not all
        told = [f"{share} repeated, {found.repeated:,} of {plural(found.built, 'version')}"]
    for each in found.readings[:1]:
        damaged = f"{len(each.found.damaged)} damaged" if each.found.damaged else "none damaged"
        told.append(f"read whole {moment(each.at)} UTC by {each.who}: {plural(each.found.files, 'file')}, {damaged}")
    nightly = [f"{plural(found.nightly, 'version')} built again"] if found.nightly else []
    nightly += ["the lake read whole"] if found.read_nightly else []
    told.append(
        f"each night: {' and '.join(nightly)}"
        if nightly
        else "nothing is proved each night: `[reproduce] nightly = 20`"
    )
    return told


def repeat_commands(dataset: str, commit: str, build: Build | None = None) -> tuple[str, str | None]:
    """What builds the version of a commit again here, and what packs it for elsewhere; None where no folder brings the build's engine."""
    version = f"{dataset}@{short(commit)}"
    is_brought = build is None or build.engine.get("name", "duckdb") == "duckdb"
    return f"andon reproduce {version}", f"andon isolate {version}" if is_brought else None
