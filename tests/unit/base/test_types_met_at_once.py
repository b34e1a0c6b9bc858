"""Threads that meet a type for the first time at once: msgspec learns a class when it is first read, which two must not do together."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own, since what may fail here is the process. The types lie within each other, so that learning takes a while.
SCRIPT = """
import sys, threading
from andon.base.cache import Entries
from andon.base.document import from_json
from andon.base.record import Record

sys.setswitchinterval(1e-6)
way = sys.argv[1]
for round in range(150):
    made = {"Record": Record, "__name__": "__main__"}
    source = "class C0(Record):\\n    n: 'int | None'\\n    text: 'dict[str, tuple[str, ...]]'\\n"
    for depth in range(1, 6):
        source += f"class C{depth}(Record):\\n    below: 'C{depth - 1}'\\n    more: 'dict[str, C{depth - 1}]'\\n"
    exec(source, made)
    globals().update(made)
    value = made["C0"](1, {"a": ("b",)})
    document = {"n": 1, "text": {"a": ["b"]}}
    for depth in range(1, 6):
        value = made[f"C{depth}"](value, {})
        document = {"below": document, "more": {}}
    kinds = [made["C5"], list[made["C5"]], dict[str, made["C5"]], made["C5"]]
    held = [document, [document], {"x": document}, document]
    entries = [Entries("x", kind) for kind in kinds]
    packed = [entry.encode(v) for entry, v in zip(entries, [value, [value], {"x": value}, value])]
    gate, found = threading.Barrier(len(kinds)), [None] * len(kinds)

    def read(place):
        gate.wait()
        if way == "document":
            found[place] = from_json(kinds[place], held[place])
        else:
            found[place] = entries[place].decode(packed[place])

    threads = [threading.Thread(target=read, args=[place]) for place in range(len(kinds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [value, [value], {"x": value}, value], found
"""


def met_at_once(way: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", SCRIPT, way], capture_output=True, text=True, check=False)


def test_documents() -> None:
    done = met_at_once("document")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_cache_holds() -> None:
    done = met_at_once("cache")
    assert (done.returncode, done.stderr) == (0, "")
