"""Running a Python dataset in a child process of its own.

The child gets a clean environment, the code files that were handed over and the Parquet files of its inputs. That it can
read nothing else, and write nowhere but in its own folder, is the matter of `isolation.py` and of `_andon_guard.py` and
`_andon_landlock.py` in `child/`; the outcome says how far the system allowed it. It ends with its parent, with its time
limit, and with the run.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from andon.base.files import machine_error
from andon.base.names import literal
from andon.engines.python.environment import SPARK_CLIENT, Environment, provide_environment
from andon.engines.python.isolation import CHILD_MEANS, apart, bubblewrap, interpreter_paths, readable
from andon.engines.python.network import SourceNetwork
from andon.engines.python.stream_tail import StreamTail
from andon.engines.python.task import PythonOutcome, PythonPart, PythonTask
from andon.errors import AndonError, DatasetError, MachineError
from andon.sql.clock import shadow_macros

_CHILD = Path(__file__).resolve().parent / "child"
_POLL = 0.05
_ALLOW_ANALYSIS = ("analysis", "`--timeout SECONDS`")
#: Where the hosts that a source declares have their addresses.
_HOSTS = "hosts"
_FROM_PARENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
_SINGLE_THREADED = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "ARROW_IO_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "LOKY_MAX_CPU_COUNT",  # what `n_jobs=-1` of scikit-learn means
)


def run_python(task: PythonTask, *, environments: Path, cancelled: threading.Event) -> PythonOutcome:
    """Run `task` and write its result to `task.output`.

    Args:
        environments: folder that holds the environments of all locks; made if needed, shared, may be deleted at any time
            when nothing runs.
        cancelled: set by the caller to end the run; the child is gone within 0.2 seconds.

    Raises:
        DatasetError: `build.python_failed` (the function raised, or returned no table; `details["traceback"]` holds the user's
            stack, `details["log"]` the output), `build.python_timeout`, `build.environment`, `build.interrupted`.
        MachineError: the disk.
    """
    is_spark = task.spark is not None
    environment = provide_environment(
        task.dataset, task.lock, environments, cancelled, task.packages, SPARK_CLIENT if is_spark else ()
    )
    way = SourceNetwork(task.hosts) if task.hosts else None
    try:
        with way or contextlib.nullcontext():
            job = _prepare(task, environment, way)
            started = time.perf_counter()
            status, log, ended = _run_child(task, environment, job, cancelled, way)
            seconds = time.perf_counter() - started
            report = _report(task)
    except OSError as error:
        raise machine_error(error, f"run `{task.dataset}`") from error
    if report is not None and report["ok"]:
        columns = tuple((name, kind) for name, kind in report["columns"])
        return PythonOutcome(
            columns,
            report["rows"],
            log if environment.note is None else f"note: {environment.note}\n{log}",
            seconds,
            report["python"],
            environment.packages,
            report["network"],
            report["isolation"],
            _parts(task, report),
            report.get("state", {}),
            report.get("analysis", {}),
            base64.b64decode(report["plan"]) if is_spark and report.get("plan") else None,
            report.get("client"),
        )
    task.output.unlink(missing_ok=True)
    if ended == "cancelled":
        raise DatasetError("build.interrupted", "the run was interrupted", where=task.dataset, details={"log": log})
    if ended == "timeout":
        what, allow = ("function", "`@dataset(timeout=…)` in seconds") if task.analysis is None else _ALLOW_ANALYSIS
        raise DatasetError(
            "build.python_timeout",
            f"the {what} took longer than {task.timeout:g} seconds and was stopped",
            where=task.entry,
            hint=f"make it faster, or allow more: {allow}" + _waiting(task),
            details={"log": log},
        )
    failed = _failure(task, report, status, log)
    if way is not None and way.refused:
        hosts = ", ".join(sorted(way.refused))
        hint = f"it asked for a host that it does not declare: add `{hosts}` to `hosts` if that is right"
        failed = type(failed)(failed.code, failed.message, failed.where, hint, details=failed.details)
    raise failed


def _waiting(task: PythonTask) -> str:
    """What to know of the clock, where a function that took too long may have waited for it."""
    reads = any(word in content for content in task.files.values() for word in (b"time.time", b".now(", b"utcnow"))
    return "; its clock stands still, so wait by `time.monotonic()`" if reads and not task.hosts else ""


def _prepare(task: PythonTask, environment: Environment, way: SourceNetwork | None) -> Path:
    """Write code and job into the task's work folder; returns the job file."""
    work = task.work.resolve()
    code = work / "code"
    for path, content in task.files.items():
        target = code.joinpath(*path.split("/"))
        if not target.resolve().is_relative_to(code):
            raise ValueError(f"{path} is no path within a project")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    for name in ("code/modules", "shim", "home", "tmp"):
        (work / name).mkdir(parents=True, exist_ok=True)
    shim = "_andon_shim.py" if task.analysis is None else "_andon_analysis_shim.py"
    (work / "shim" / "andon.py").write_bytes((_CHILD / shim).read_bytes())
    wrapped = bubblewrap() is not None
    files, links = readable(_reads(task, environment))
    if way is not None:
        names = {"localhost": "127.0.0.1"} | {host: address for host, _, address in way.named}
        lines = [f"{address} {host}" for host, address in names.items()]
        (work / _HOSTS).write_text("\n".join([*lines, ""]), encoding="utf-8")
        links.append(("/etc/hosts", str(work / _HOSTS)))
    job = {
        "parent": None if wrapped else os.getpid(),
        "isolation": "bubblewrap" if wrapped else "none",
        "means": () if wrapped else CHILD_MEANS,
        "place": str(task.output.resolve().parent),
        "readable": files,
        "links": links,
        "memory": task.memory,
        "code": str(code),
        "modules": str(code / "modules"),
        "shim": str(work / "shim"),
        "paths": [str(path) for path in environment.paths],
        "temporary": str(work / "tmp"),
        "report": str(work / "report.json"),
        "output": str(task.output.resolve()),
        "entry": task.entry,
        "function": task.function,
        "parameters": [list(pair) for pair in task.parameters],
        "inputs": {name: _input_sql(task, name) for name in _read(task)},
        "spark": _spark(task),
        "analysis": _analysis(task),
        "memory_limit": task.memory_limit,
        "seed": task.seeded,
        # who reaches hosts needs the time of the day: signatures and certificates go by it, and what waits would wait for ever
        "clock": None if task.hosts else task.logical_time.isoformat(),
        "clock_sql": () if task.hosts else shadow_macros(task.logical_time),
        "state": task.state,
        "parts": str(task.output.resolve().parent),
        "network": {"line": way.child.fileno(), "word": way.word, "port": way.port, "named": way.named}
        if way is not None
        else None,
    }
    description = work / "job.json"
    description.write_text(json.dumps(job), encoding="utf-8")
    return description


def _read(task: PythonTask) -> list[str]:
    """The datasets that are handed over."""
    if task.analysis is not None:
        return [*task.inputs]
    frames = task.spark.frames if task.spark is not None else {}
    return [name for each, name in task.parameters if each not in frames] if task.state is None else []


def _spark(task: PythonTask) -> dict[str, Any] | None:
    part = task.spark
    if part is None:
        return None
    said = {"session": part.session, "user": part.user, "frames": dict(part.frames), "patience": part.patience}
    return {**said, "socket": str(part.socket)}


def _analysis(task: PythonTask) -> dict[str, Any] | None:
    part = task.analysis
    if part is None:
        return None
    part.outputs.mkdir(parents=True, exist_ok=True)
    cells = [{"is_code": is_code, "number": number, "text": text} for is_code, number, text in part.cells]
    said = {"name": task.dataset.removeprefix("analyses/"), "kind": part.kind, "commit": part.commit}
    return {**said, "parameters": dict(part.parameters), "cells": cells, "outputs": str(part.outputs.resolve())}


def _input_sql(task: PythonTask, dataset: str) -> str:
    if dataset in task.views:
        return task.views[dataset]
    files = task.inputs[dataset]
    if not files:
        raise ValueError(f"the input {dataset} has neither files nor a view")
    return f"select * from read_parquet([{', '.join(literal(str(path)) for path in files)}])"


def _child_environment(task: PythonTask) -> dict[str, str]:
    work = task.work.resolve()
    variables = {name: os.environ[name] for name in _FROM_PARENT if name in os.environ}
    variables |= dict.fromkeys(_SINGLE_THREADED, "1")
    return {**variables, **task.secrets} | {
        "PATH": os.defpath,
        "HOME": str(work / "home"),
        "TMPDIR": str(work / "tmp"),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "ANDON_LOGICAL_TIME": task.logical_time.isoformat(),
        "ANDON_SEED": str(task.seeded),
        **(_drawing(task) if task.analysis is not None else {}),
    }


def _drawing(task: PythonTask) -> dict[str, str]:
    """How figures are drawn: without a screen, beside their numbers, dated by the clock of the run."""
    fonts = task.work.resolve() / "fonts.conf"  # those of the system are others on each machine
    fonts.write_text("<fontconfig></fontconfig>\n", encoding="utf-8")
    moment = str(int(task.logical_time.timestamp()))
    return {"MPLBACKEND": "module://_andon_figures", "FONTCONFIG_FILE": str(fonts), "SOURCE_DATE_EPOCH": moment}


def _run_child(
    task: PythonTask, environment: Environment, job: Path, cancelled: threading.Event, way: SourceNetwork | None
) -> tuple[int, str, str | None]:
    """Run the child to its end: its status, its output, and `cancelled` or `timeout` when it was stopped."""
    with subprocess.Popen(
        _command(task, environment, job),
        cwd=task.work.resolve() / "code",
        env=_child_environment(task),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=(way.child.fileno(),) if way is not None else (),
    ) as process:
        tail = StreamTail(process.stdout)
        finished = threading.Event()
        waiter = threading.Thread(target=_wait, args=(process, finished), daemon=True)
        waiter.start()
        try:
            ended = _watch(task.timeout, finished, cancelled)
        finally:
            # Also what the function started and left behind: it would hold the output open.
            _kill_group(process)
        waiter.join()
        log = _masked(task, tail.text())
    status = process.returncode
    if status > 128 and bubblewrap() is not None:  # how it tells that a signal ended what it ran
        status = 128 - status
    return status, log, ended


def _command(task: PythonTask, environment: Environment, job: Path) -> list[str]:
    command = [*environment.command, str(_CHILD / "_andon_runner.py"), str(job)]
    begin = bubblewrap()
    if begin is None:
        return command
    place = task.output.resolve().parent
    links = [("/etc/hosts", task.work.resolve() / _HOSTS)] if task.hosts else []
    return apart(command, begin, _reads(task, environment), place, task.work.resolve() / "code", links)


def _reads(task: PythonTask, environment: Environment) -> list[Path]:
    """What the child must be able to read beside the system's files."""
    inputs = [path for paths in task.inputs.values() for path in paths]
    sockets = [task.spark.socket.parent] if task.spark is not None else []
    return [_CHILD, *inputs, *sockets, *interpreter_paths(environment.command, environment.paths)]


def _watch(timeout: float, finished: threading.Event, cancelled: threading.Event) -> str | None:
    deadline = time.monotonic() + timeout
    while not finished.wait(_POLL):
        if cancelled.is_set():
            return "cancelled"
        if time.monotonic() >= deadline:
            return "timeout"
    return None


def _wait(process: subprocess.Popen[bytes], finished: threading.Event) -> None:
    process.wait()
    finished.set()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if not hasattr(os, "killpg"):
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # all of it is gone (macOS says the latter of a zombie)
        return


def _report(task: PythonTask) -> dict[str, Any] | None:
    try:
        report: dict[str, Any] = json.loads((task.work / "report.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    said = {name: _masked(task, report[name]) for name in ("message", "traceback") if report.get(name)}
    return {**report, **said}


def _parts(task: PythonTask, report: dict[str, Any]) -> tuple[PythonPart, ...]:
    """The files of a source. Where they lie is not the child's to say: it could name what it may not read itself.

    Raises:
        DatasetError: one is not there as a file of its own.
    """
    found = []
    for number, part in enumerate(report.get("parts", ()), 1):
        path = task.output.resolve().parent / f"part-{number:06}.parquet"
        if path.is_symlink() or not path.is_file():
            raise DatasetError("build.python_failed", "what was handed out is not there any more", where=task.entry)
        columns = tuple((str(name), str(kind)) for name, kind in part["columns"])
        found.append(PythonPart(path, columns, int(part["rows"])))
    return tuple(found)


def _masked(task: PythonTask, text: str) -> str:
    """What the child says, without its secrets."""
    for secret in sorted(filter(None, task.secrets.values()), key=len, reverse=True):
        text = text.replace(secret, "***").replace(json.dumps(secret)[1:-1], "***")
    return text


def _failure(task: PythonTask, report: dict[str, Any] | None, status: int, log: str) -> AndonError:
    if report is None:
        return _died(task, status, log)
    if "No space left on device" in report["message"]:
        return MachineError(
            "machine.disk",
            f"no space left to write the result of `{task.dataset}`",
            where=str(task.output.parent),
            hint="free some space (`andon doctor` shows what uses it) and run the same command again",
            retryable=True,
        )
    line = report["line"]
    where = report.get("place") or task.entry
    where = f"{where}:{line}" if line else where
    if report["kind"] == "result":
        return DatasetError(
            "build.python_failed", report["message"], where=where, hint=report["hint"], details={"log": log}
        )
    hint = None
    if report["missing"]:
        package = report["missing"].split(".")[0]
        hint = f"add the package of `{package}` to `dependencies` in the script metadata, then run `andon lock {task.dataset}`"
    if report["type"] == "MemoryError" or "Out of Memory" in report["message"]:
        hint = "read fewer rows or columns at a time, or set `python.memory` higher"
    details = {"type": report["type"], "traceback": report["traceback"], "log": log}
    return DatasetError("build.python_failed", report["message"], where=where, hint=hint, details=details)


def described(task: PythonTask, environment: Environment) -> tuple[dict[str, Any], dict[str, str]]:
    """What the child of a task is told, and the variables that it is given; the code is in the task's work folder afterwards."""
    return json.loads(_prepare(task, environment, None).read_text(encoding="utf-8")), _child_environment(task)


def _died(task: PythonTask, status: int, log: str) -> DatasetError:
    """The child ended without a report: a crash in native code, a kill from outside, `os._exit`."""
    hint = None
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        how = f"was ended by {name}"
        if name == "SIGKILL":
            hint = "the system ends processes when memory runs out: read fewer rows or columns at a time"
    else:
        how = f"ended with status {status} and no result"
    last = log.strip().splitlines()[-1:] or [""]
    message = f"the process of the function {how}" + (f": {last[0][:300]}" if last[0] else "")
    return DatasetError("build.python_failed", message, where=task.entry, hint=hint, details={"log": log})
