"""Strikes backups and restores at chosen changes of the disk, and looks what is left.

`python -m faults.backups FOLDER` reads lines of JSON, `[VERB, FAULT, POINTS]`, and prints for each a line: the operations, the points that
were struck, and the violations. Each strike begins from a copy of a folder with a project, which was backed up once and loaded more since.
"""

from __future__ import annotations

import gc
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from andon.errors import AndonError
from andon.service.restoring import RestoreOptions, restore
from andon.service.service import Service
from faults.audit import catalog_is_sound
from faults.harness import load_everything, spread
from faults.story import say
from faults.tracer import BROKEN, FULL, Traced, trace
from kit.backups import held
from kit.clones import FILES, Clone


def open_service(root: Path) -> Service:
    return Clone(root / "shop").open()


def back_up(root: Path) -> str:
    service = open_service(root)
    try:
        return service.backups.make(str(root / "kept")).backup.id
    finally:
        service.close()


def put_back(root: Path, into: str = "again", at: str | None = None) -> str:
    environ = {"ANDON_AUTHOR": "ana", "HOME": str(root)}
    return restore(root / "kept", root / into, RestoreOptions(at), environ=environ).backup.id


@dataclass
class Before:
    """A folder before a verb: what its first backup holds, and what the lake does."""

    folder: Path
    first: str
    backed: dict[str, Any]
    now: dict[str, Any]


def prepare(place: Path) -> Before:
    root = place / "before"
    clone = Clone(root / "shop")
    clone.fill(FILES)
    clone.run()
    first = back_up(root)
    backed = held(clone)
    clone.write("raw/orders_06.csv", "id,customer,amount\n4,cleo,7\n")
    clone.refresh()
    return Before(root, first, backed, held(clone))


def after_backup(root: Path, before: Before, done: str | None) -> Iterator[str]:
    """The earlier backup is whole; the new one is whole, or not there; the next goes on."""
    service = open_service(root)
    listed = service.backups.list(str(root / "kept"))
    service.close()
    ids = [each.id for each in listed.backups]
    if listed.damaged:
        yield f"manifests are damaged: {listed.damaged}"
    if before.first not in ids or (done is not None and done not in ids):
        yield f"there are {ids}, not {before.first} and {done}"
    ids = [*ids, back_up(root)]
    if left := [path.name for path in (root / "kept").rglob("*.tmp")]:
        yield f"halves are left: {left}"
    for number, id in enumerate(ids):
        put_back(root, f"again{number}", id)
        state = before.backed if id == before.first else before.now
        if held(Clone(root / f"again{number}")) != state:
            yield f"{id} is not the lake of its moment"


def after_restore(root: Path, before: Before, done: str | None) -> Iterator[str]:
    """The lake is there and whole, or not there, and then the same command puts it there."""
    catalog = root / "again" / ".andon" / "catalog.db"
    if not catalog.exists():
        if done is not None:
            yield "acknowledged, and there is no lake"
        put_back(root)
    yield from catalog_is_sound(catalog)
    again = Clone(root / "again")
    if held(again) != before.backed:
        yield "what was put back is not what was backed up"
    if {path: again.read(path) for path in FILES} != FILES:
        yield "the folder is not what was published"
    with again.opened() as service:
        if service.verifying.verify(all=True).damaged:
            yield "it is damaged"


VERBS: dict[str, tuple[Callable[[Path], str], Callable[[Path, Before, str | None], Iterator[str]]]] = {
    "backup": (back_up, after_backup),
    "restore": (put_back, after_restore),
}


def strike(before: Before, verb: str, fault: str | None, at: int) -> tuple[Traced, list[str]]:
    root = before.folder.with_name("struck")
    shutil.copytree(before.folder, root, symlinks=True)
    act, look = VERBS[verb]

    def work(pipe: int) -> None:
        try:
            say(pipe, id=act(root))
        except AndonError as error:
            say(pipe, code=error.code, message=str(error))
            sys.exit(error.exit_status)

    try:
        traced = trace(work, root, fault, at)
        said: dict[str, Any] = {}
        for line in traced.output.splitlines():
            said.update(json.loads(line) if line.startswith(b"{") else {"raw": line.decode(errors="replace")})
        wrong = [said["raw"]] if "raw" in said else []
        if fault in (FULL, BROKEN) and traced.status != 0 and not str(said.get("code")).startswith("machine."):
            wrong.append(f"the error does not name the machine: {said}")
        try:
            wrong += look(root, before, said.get("id"))
        except AndonError as error:
            wrong.append(f"afterwards: {error.code}: {error}")
        return traced, wrong
    finally:
        shutil.rmtree(root, ignore_errors=True)


def series(before: Before, verb: str, fault: str, wanted: int | None) -> dict[str, Any]:
    whole, violations = strike(before, verb, None, 0)
    points = []
    for at in spread(whole.operations, wanted):
        traced, wrong = strike(before, verb, fault, at)
        if traced.hit is not None:  # threads may have gone another way this time
            points.append(f"{at}: {traced.hit}")
        violations += [f"{verb}, {fault} at {at} ({traced.hit}): {line}" for line in wrong]
    return {"operations": len(whole.operations), "points": points, "violations": violations}


def main(arguments: Sequence[str]) -> None:
    gc.set_threshold(50_000, 20, 100)
    load_everything()
    with tempfile.TemporaryDirectory(dir=arguments[0]) as place:
        before = prepare(Path(place))
        for line in sys.stdin:
            verb, fault, points = json.loads(line)
            print(json.dumps(series(before, verb, fault, None if points == "all" else int(points))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
