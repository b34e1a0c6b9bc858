"""An analysis that is packed, run again, and whether what it makes is what it made.

It knows DuckDB and, of Andon, only the files beside it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import _andon_likeness as likeness  # type: ignore[import-not-found]
import _andon_verdict as verdicts  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from _andon_stage import Stage, StageRun  # type: ignore[import-not-found]

#: Of what is printed so many bytes at the end are kept.
_PRINTED = 200_000
_WORDS = {
    likeness.IDENTICAL: verdicts.IDENTICAL,
    likeness.EQUAL: verdicts.EQUAL,
    likeness.DIFFERENT: verdicts.DIFFERENT,
}
_IN_NUMBERS = {
    verdicts.IDENTICAL: "the numbers in it are the same",
    verdicts.EQUAL: "the numbers in it differ by at most 1e-9 of themselves",
}


@dataclass
class MadeOutputs:
    """What a run made: its folder, files by name, what it printed, figures that it told, and what holds the data of what."""

    folder: Path
    files: dict[str, Path]
    printed: str
    numbers: dict[str, Any]
    data: dict[str, str]


@dataclass
class OutputVerdict:
    """How one thing that it made compares; `lines` are examples of what differs."""

    name: str
    verdict: str
    how: str
    lines: list[str] = field(default_factory=list)


def made(engine: StageRun, place: Path) -> MadeOutputs:
    """Run the analysis.

    Raises:
        StageError: it fails.
    """
    engine.made()
    work, folder = place / "python", place / "outputs"
    told = json.loads((work / "report.json").read_text(encoding="utf-8"))["analysis"]
    printed = (work / "log.txt").read_bytes()
    text = printed[-_PRINTED:].decode("utf-8", errors="replace")
    if len(printed) > _PRINTED:
        text = f"[{len(printed) - _PRINTED:,} bytes of earlier output are not kept]\n{text}"
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    files = {path.relative_to(folder).as_posix(): path for path in found}
    kept = {name: path for name, path in files.items() if not any(part[0] == "." for part in name.split("/"))}
    return MadeOutputs(folder, kept, text, told["numbers"], told["data"])


def judged(connection: Any, stage: Stage, found: MadeOutputs) -> list[OutputVerdict]:
    """Compare all that was made with what was expected, one after the other."""
    then = stage["analysis"]
    told = []
    printed = Path(then["printed"]).read_text(encoding="utf-8")
    if printed or found.printed:
        told.append(_of("printed", likeness.texts_compared(printed, likeness.without_places(found.printed))))
    if then["numbers"] or found.numbers:
        told.append(_of("numbers", likeness.numbers_compared(then["numbers"], found.numbers)))
    expected = {each["name"]: each for each in then["outputs"]}
    data = {each["data"] for each in expected.values()} | set(found.data.values())
    names = [name for name in dict.fromkeys([*expected, *found.files]) if name not in data]
    return told + [_output(connection, expected, found, name) for name in names]


def worst(found: list[OutputVerdict]) -> str:
    """The verdict on all of it."""
    said = {each.verdict for each in found}
    for each in (verdicts.DIFFERENT, verdicts.EQUAL):
        if each in said:
            return str(each)
    return str(verdicts.IDENTICAL)


def told(stage: Stage, found: list[OutputVerdict], edited: list[str]) -> list[str]:
    """It, as lines for people."""
    lines = [f"{worst(found)}  {stage['dataset']} at {stage['ref']} ({stage['commit'][:8]})"]
    lines += [f"  code/{path} is not as it was packed" for path in edited]
    lines += [f"  {each}" for each in verdicts.beside(stage)]
    for each in found:
        lines += [f"  {each.verdict}  {each.name}: {each.how}", *(f"    {line}" for line in each.lines)]
    return lines


def put_beside(found: MadeOutputs, target: Path) -> None:
    """Copy what was made into a folder."""
    shutil.copytree(found.folder, target, dirs_exist_ok=True)


def _output(connection: Any, expected: dict[str, dict[str, Any]], found: MadeOutputs, name: str) -> OutputVerdict:
    old, new = expected.get(name), found.files.get(name)
    if old is None or new is None:
        how = "is new" if old is None else "is not made any more"
        return OutputVerdict(name, verdicts.DIFFERENT, how)
    if hashlib.sha256(new.read_bytes()).hexdigest() == old["sha256"]:
        return OutputVerdict(name, verdicts.IDENTICAL, "the same bytes")
    before, after = expected.get(old["data"]), found.files.get(found.data.get(name, ""))
    if before is not None and before["table"] is not None and after is not None:
        seen = _table(connection, name, before, after)
        seen.how = _IN_NUMBERS.get(seen.verdict, f"of the numbers in it {seen.how}")
        return seen
    if old["table"] is not None:
        return _table(connection, name, old, new)
    return _of(
        name,
        likeness.contents_compared(
            Path(old["file"]).read_bytes(), new.read_bytes(), is_picture=old["kind"] == "picture"
        ),
    )


def _table(connection: Any, name: str, old: dict[str, Any], new: Path) -> OutputVerdict:
    import duckdb

    table = {**old["table"], "files": [old["file"]]}
    try:
        found = verdicts.judged(connection, {"expected": table, "key": table["key"]}, [str(new)])
    except duckdb.Error as error:
        return OutputVerdict(name, verdicts.DIFFERENT, f"no table any more: {error}")
    lines = [*found.columns, *(row.strip() for row in found.rows)]
    return OutputVerdict(name, found.verdict, found.how, lines)


def _of(name: str, found: Any) -> OutputVerdict:
    lines = [f"{where}: {old} -> {new}" for where, old, new in found.moved]
    return OutputVerdict(name, _WORDS[found.verdict], found.how, lines)
