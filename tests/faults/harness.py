"""Strikes one verb of the story at chosen places and looks, in a fresh process, whether anything was lost or torn.

`python -m faults.harness FOLDER` reads lines of JSON, `[VERB, FAULT, POINTS]` or `[VERB, FAULT, POINTS, BUG, SEEN]`, and prints for each a
line: how many operations the verb has, the points that were struck, and the violations. POINTS is how many, spread over all operations,
or `all`. The story is told once, and each strike begins from a copy of what it was before the verb.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import andon
from andon.base.record import replace
from andon.errors import AndonError
from andon.runs.goal import ANY_PLAN, RunOptions
from andon.sources.files.scratch import described
from andon.sql.bind import Binder
from andon.sql.parse import engine
from faults.audit import catalog_is_sound, is_in_history, lake_is_whole
from faults.story import VERBS, Held, Verb, figures, open_service, plant, say
from faults.tracer import BROKEN, FULL, KILL, POWER, Operation, Traced, trace
from kit.engines_again import engines_again, open_ahead
from kit.remembered import Switch
from kit.warm import load_what_is_loaded_by

FAULTS = (KILL, POWER, FULL, BROKEN)
#: What lasts as long as the process and its children.
KEPT = contextlib.ExitStack()


@dataclass
class Before:
    """The project as it is before a verb, and what was acknowledged so far; `operations` are those of the verb, once they are known."""

    folder: Path
    main: str | None = None
    acknowledged: list[str] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)


@dataclass
class Report:
    """What a series of faults came to."""

    operations: int = 0
    points: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    endings: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def prepare(place: Path) -> dict[str, Before]:
    """Tell the story; the project as it is just before each verb."""
    found: dict[str, Before] = {}
    going = Before(place / "story")
    going.folder.mkdir()
    for verb in VERBS:
        verb.edit(going.folder)
        kept = place / verb.name / "before"
        shutil.copytree(going.folder, kept, symlinks=True)
        found[verb.name] = replace(going, folder=kept, acknowledged=[*going.acknowledged])
        done = _apart(lambda verb=verb: _acted(going.folder, verb))
        going.main = done["main"]
        if done["commit"] == going.main:
            going.acknowledged.append(done["commit"])
    return found


def rehearse(root: Path) -> None:
    """Tell the story in this process, and look at what it left."""
    root.mkdir()
    for verb in VERBS:
        verb.edit(root)
        _acted(root, verb)
    service = open_service(root)
    assert not [*catalog_is_sound(root / ".andon" / "catalog.db"), *lake_is_whole(service.workspace.lake)]
    assert figures(service, "main") == VERBS[-1].main
    service.close()


def _acted(root: Path, verb: Verb) -> dict[str, Any]:
    service = open_service(root)
    commit = verb.act(service)
    main = service.workspace.lake.refs.resolve("main").id
    service.close()
    return {"commit": commit, "main": main}


def strike(before: Before, verb: Verb, fault: str | None, at: int, bug: str | None) -> tuple[Traced, list[str], str]:
    """Let the verb run in a copy of the project, struck at its change number `at`; what is wrong afterwards, how it ended."""
    root = before.folder.with_name("struck")
    shutil.copytree(before.folder, root, symlinks=True)
    try:

        def work(pipe: int) -> None:
            plant(bug)
            _child(root, verb, pipe)

        traced = trace(work, root, fault, at)
        lines = [json.loads(line) for line in traced.output.splitlines() if line.startswith(b"{")]
        said = {key: value for line in lines for key, value in line.items()}
        wrong = list(_ending(traced, said, fault))
        wrong += _apart(lambda: list(_afterwards(root, before, verb, said.get("commit"))))
        return traced, wrong, _how(traced, said)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _child(root: Path, verb: Verb, pipe: int) -> None:
    try:
        service = open_service(root)
        say(pipe, commit=verb.act(service))
        service.close()
    except AndonError as error:
        say(pipe, code=error.code, message=str(error))
        sys.exit(error.exit_status)
    except Held as held:
        say(pipe, code="held", codes=held.args[0])
        sys.exit(1)


def _how(traced: Traced, said: dict[str, Any]) -> str:
    if traced.status < 0:
        return "killed, acknowledged" if "commit" in said else "killed"
    if traced.status == 0:
        return "went on"
    return f"{said.get('code', 'raw')}{' ' + ','.join(said['codes']) if 'codes' in said else ''}"


def _ending(traced: Traced, said: dict[str, Any], fault: str | None) -> Iterator[str]:
    """An error of the machine ends in an error that says so, and nothing is acknowledged whose files may be lost."""
    if fault not in (FULL, BROKEN) or traced.hit is None:
        return
    if traced.status not in (0, 1, 4) or b"raw " in traced.output:
        yield f"ended with status {traced.status}: {traced.output.decode(errors='replace')[-1500:]}"
    elif traced.status != 0:
        codes = said.get("codes") or [said.get("code", "?")]
        if not all(code.startswith("machine.") for code in codes):
            yield f"the error does not name the machine: {codes} {said.get('message', '')}"
    elif "commit" in said and _is_data(traced.hit.path) and traced.hit.name in ("fsync", "write"):
        yield "acknowledged although a data file could not be written"


def _is_data(path: str) -> bool:
    """Notes of which catalogs there are may be written a moment later: with the commit, or it fails (see `_afterwards`)."""
    return path.startswith(".andon/lake/") and not path.startswith(".andon/lake/.catalogs")


def _afterwards(root: Path, before: Before, verb: Verb, commit: str | None) -> Iterator[str]:
    try:
        catalog = root / ".andon" / "catalog.db"
        if commit is not None and not [*(root / ".andon/lake/.catalogs").glob("[0-9a-f]*")]:
            yield "acknowledged although the storage does not know which catalog names its files"
        if catalog.exists():
            yield from catalog_is_sound(catalog)
        elif before.main is not None:
            yield "the catalog is gone"
        service = open_service(root)
        lake = service.workspace.lake
        yield from lake_is_whole(lake)
        on_main = [*before.acknowledged]
        if commit is not None:
            if verb.dev is None:
                on_main.append(commit)
            else:
                yield from is_in_history(lake, "dev", [commit])
        yield from is_in_history(lake, "main", on_main)
        head = lake.refs.resolve("main")
        moved = before.main is not None and head.id != before.main
        if moved and head.parent != before.main:
            yield "main moved by more than the verb"
        was = _main_before(verb)
        allowed = {verb.main, was} if before.main is None else {verb.main if moved else was}
        seen = figures(service, "main")
        if seen not in allowed:
            yield f"readers of main see {seen}, not {' or '.join(map(str, allowed))}"
        yield from _goes_on(service, verb, moved)
        service.close()
        yield from _settles(root, verb)
    except AndonError as error:
        yield f"afterwards: {error.code}: {error}"


def _goes_on(service: Any, verb: Verb, moved: bool) -> Iterator[str]:
    """The same command again (unless it had moved main already), and the next run, give the right figures."""
    if not moved:
        verb.act(service)
    for ref, expected in (("main", verb.main), ("dev", verb.dev)):
        if expected is not None and (seen := figures(service, ref)) != expected:
            yield f"done again, {ref} shows {seen}, not {expected}"
    yield from lake_is_whole(service.workspace.lake)


def _settles(root: Path, verb: Verb) -> Iterator[str]:
    """After recovery nothing is left to do, and what was undone stays so."""
    service = open_service(root)
    if verb.dev is None:
        run = service.runs.run(RunOptions(agreed=ANY_PLAN))
        if run.published == verb.holds:
            yield f"the next run is held: {run.held}" if run.held else "the next run publishes what a check holds"
        if (seen := figures(service, "main")) != verb.main:
            yield f"after the next run main shows {seen}, not {verb.main}"
    service.close()


def _main_before(verb: Verb) -> Any:
    names = [v.name for v in VERBS]
    position = names.index(verb.name)
    return VERBS[position - 1].main if position else None


def _apart(work: Callable[[], Any]) -> Any:
    """The result of `work` in a forked process that has opened nothing yet."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            document = json.dumps({"result": work()})
        except BaseException:  # noqa: BLE001 - whatever it is, it is reported
            document = json.dumps({"raw": traceback.format_exc()})
        with os.fdopen(writer, "w") as pipe:
            pipe.write(document)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    answer = json.loads(text) if text else {"raw": "the process died"}
    return answer["result"] if "result" in answer else [answer["raw"]]


def spread(operations: Sequence[Operation], wanted: int | None) -> list[int]:
    """Positions (from 1) of operations to strike: all, or `wanted` ones: every kind of operation on every kind of file, then evenly."""
    total = len(operations)
    if wanted is None or wanted >= total:
        return list(range(1, total + 1))
    chosen: dict[int, None] = {}
    seen: set[tuple[str, str]] = set()
    for number, operation in enumerate(operations, 1):
        kind = (operation.name, _sort(operation.path))
        if kind not in seen:
            seen.add(kind)
            chosen[number] = None
    rare = list(chosen)
    step = max(1, len(rare) * 2 // max(1, wanted))
    chosen = dict.fromkeys(rare[::step][: max(1, wanted // 2)])
    rest = [n for n in range(1, total + 1) if n not in chosen]
    missing = wanted - len(chosen)
    for index in range(missing):
        chosen[rest[(2 * index + 1) * len(rest) // (2 * missing)]] = None
    return sorted(chosen)


def _sort(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[:3]) if parts[:2] == [".andon", "lake"] else path.rpartition(".")[2]


def series(
    before: Before, verb: Verb, fault: str, wanted: int | None, bug: str | None = None, seen: str | None = None
) -> Report:
    """Strike `verb` by `fault` at `wanted` places (None: at each), or from the last place on until a violation says `seen`."""
    began = time.perf_counter()
    operations, report = before.operations, Report()
    if bug is not None or not operations:
        whole, wrong, _ = strike(before, verb, None, 0, bug)
        operations = whole.operations
        report.violations += [f"{verb.name} without a fault: {line}" for line in wrong]
    if bug is None:
        before.operations = operations
    report.operations = len(operations)
    places = spread(operations, wanted)
    for at in places if seen is None else reversed(places):
        traced, wrong, ending = strike(before, verb, fault, at, bug)
        if traced.hit is None:
            continue  # threads went another way this time, and there were fewer operations
        report.points.append(f"{at}: {traced.hit}")
        report.endings[ending] = report.endings.get(ending, 0) + 1
        report.violations += [f"{verb.name}, {fault} at {at} ({traced.hit}): {line}" for line in wrong]
        if seen is not None and any(seen in line for line in wrong):
            break
    report.seconds = time.perf_counter() - began
    return report


def load_everything() -> None:
    """Import and open once what the children need, so that those that are forked from this process are cheap: modules, and engines in
    memory that know no lake. They have no threads, so a fork takes them along."""
    __import__("duckdb")
    for module in pkgutil.walk_packages(andon.__path__, "andon."):
        if not module.name.startswith(("andon.cli", "andon.engines.python.child")):
            importlib.import_module(module.name)
    engine()
    described("select 1 as one")
    Binder().close()
    open_ahead(4)


def main(arguments: Sequence[str]) -> None:
    gc.set_threshold(50_000, 20, 100)  # as the program itself does
    load_everything()
    KEPT.enter_context(engines_again(Switch()))
    verbs = {verb.name: verb for verb in VERBS}
    with tempfile.TemporaryDirectory(dir=arguments[0]) as place:
        load_what_is_loaded_by(lambda: rehearse(Path(place) / "rehearsal"))
        told = prepare(Path(place))
        for line in sys.stdin:
            name, fault, points, *bug = json.loads(line)
            report = series(told[name], verbs[name], fault, None if points == "all" else int(points), *bug)
            print(json.dumps(report.__dict__), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
