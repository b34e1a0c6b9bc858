"""Processes that are copied for each task: what a first copy had to load is loaded for all that follow.

That is code and what is derived from it alone: modules, patterns of texts, and what is known of types. Nothing of what a copy opened or
read comes along, so each begins as a fresh process does.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from andon.base import record
from andon.base.record import learn


def load_what_is_loaded_by(work: Callable[[], object]) -> None:
    """Run `work` in a copy of this process, which must have one thread; load here what it had to load."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        status = 1
        try:
            work()
            with os.fdopen(writer, "w") as pipe:
                json.dump(_loaded(), pipe)
            status = 0
        except BaseException:  # noqa: BLE001 - whatever it is, it is shown
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    assert os.waitpid(child, 0)[1] == 0, "the first copy failed"
    found = json.loads(text)
    for module in found["modules"]:
        with contextlib.suppress(ImportError):  # those that a test made up
            importlib.import_module(module)
    for pattern, flags in found["patterns"]:
        re.compile(pattern, flags)
    for module, name in found["types"]:
        learn(attrgetter(name)(sys.modules[module]))
    # threads of libraries' allocators know of copies; one of Python's would be missing in them
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()


def _loaded() -> dict[str, list[Any]]:
    # Python keeps what it compiled in a map of its own; the flags of a text's pattern say again what it was compiled with.
    patterns = [(key[1], int(key[2])) for key in re._cache if key[0] is str]  # type: ignore[attr-defined]
    types = [(kind.__module__, kind.__qualname__) for kind in record._learnt if isinstance(kind, type)]
    return {"modules": [*sys.modules], "patterns": patterns, "types": types}
