"""The child process of a Python dataset: reads the job, calls the function, writes Parquet, reports in a JSON file.

Started as `python _andon_runner.py JOB` in the dataset's own environment. It needs DuckDB, and of Andon only the files
beside it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
import traceback
from pathlib import Path
from typing import Any

HERE = str(Path(__file__).resolve().parent)


def main(job_file: str) -> int:
    """Run the job described in `job_file` and write the report that it names; the status is 0 when the dataset was made."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    import _andon_guard  # type: ignore[import-not-found]

    isolation, network = job["isolation"], "blocked"
    if isolation == "none":
        port = job["network"]["port"] if job["network"] else None
        isolation, network = _andon_guard.isolate(job["means"], job["readable"], job["links"], job["place"], port)
    _andon_guard.die_with_parent(job["parent"] if isolation == "none" else None)
    _andon_guard.limit(job["memory"])
    import _andon_network  # type: ignore[import-not-found]

    network = _andon_network.open_way(job, network)
    _set_paths(job)
    import _andon_repeats as repeats  # type: ignore[import-not-found]
    import _andon_results as results  # type: ignore[import-not-found]

    report: dict[str, Any]
    try:
        repeats.begin(job)
        report = {"ok": True, **_make(job, results)}
    except results.ResultError as error:
        report = {"ok": False, "kind": "result", "message": str(error), "hint": error.hint, "line": _line_of(job)}
    except BaseException as error:  # noqa: BLE001 (whatever the function raises is reported, SystemExit too)
        report = {"ok": False, "kind": "raised", **_describe(error, job)}
    report.update(python=platform.python_version(), network=network, isolation=isolation)
    _flush()
    target = Path(job["report"])
    partial = target.with_suffix(".part")
    partial.write_text(json.dumps(report), encoding="utf-8")
    partial.replace(target)
    _flush()
    os._exit(0 if report["ok"] else 1)  # threads that the function left behind don't matter any more


def _set_paths(job: dict[str, Any]) -> None:
    """What can be imported: the standard library, then `andon` and the project's modules, then packages."""
    standard = [
        path for path in sys.path if path != HERE and "site-packages" not in path and "dist-packages" not in path
    ]
    installed = [path for path in sys.path if path != HERE and path not in standard]
    sys.path[:] = [*standard, job["shim"], job["modules"], *installed, *job["paths"]]
    sys.path.append(HERE)
    sys.dont_write_bytecode = False


def _make(job: dict[str, Any], results: Any) -> dict[str, Any]:
    import _andon_repeats as repeats
    import duckdb

    # What the function asks of DuckDB on its own (`duckdb.sql`) repeats like the rest.
    repeats.settle_engine(duckdb, job)
    settings: dict[str, Any] = {
        "threads": 1,
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    settings["temp_directory"] = job["temporary"]
    if job["memory_limit"]:
        settings["memory_limit"] = job["memory_limit"]
    connection = duckdb.connect(":memory:", config=settings)
    if job["state"] is not None:
        import _andon_source  # type: ignore[import-not-found]

        return _andon_source.load(job, connection, getattr(_load(job), job["function"]))  # type: ignore[no-any-return]
    relations = {name: _input(connection, name, sql) for name, sql in job["inputs"].items()}
    if job["analysis"] is not None:
        import _andon_analysis  # type: ignore[import-not-found]

        return _andon_analysis.run(job, connection)  # type: ignore[no-any-return]
    frames = _frames(job)
    function = getattr(_load(job), job["function"])
    value = function(**{each: frames[each] if each in frames else relations[name] for each, name in job["parameters"]})
    if frames:
        import _andon_spark  # type: ignore[import-not-found]

        plan = _andon_spark.plan_of(value, results.check_names)
        if plan is not None:
            return {"columns": [], "rows": 0, "plan": plan, "client": _andon_spark.version()}
    relation = results.to_relation(connection, value)
    relation.write_parquet(job["output"], compression="zstd")
    # By DuckDB's own account of the file, whatever connection wrote it.
    written = connection.read_parquet(job["output"])
    counted = connection.execute("select count(*) from read_parquet(?)", [job["output"]]).fetchone()
    return {
        "columns": [[name, str(kind)] for name, kind in zip(written.columns, written.types, strict=True)],
        "rows": counted[0] if counted else 0,
        **({"client": _andon_spark.version()} if frames else {}),
    }


def _input(connection: Any, name: str, sql: str) -> Any:
    """The relation of an input; it can also be named in SQL (`orders.query("o", "select … from marts.rfm")`)."""
    schema, table = ('"' + part.replace('"', '""') + '"' for part in name.split("."))
    connection.execute(f"create schema if not exists {schema}")
    connection.execute(f"create view {schema}.{table} as {sql}")
    return connection.sql(f"select * from {schema}.{table}")


def _frames(job: dict[str, Any]) -> dict[str, Any]:
    """The Spark DataFrames that the function takes, by parameter."""
    if not job.get("spark"):
        return {}
    import _andon_spark

    return _andon_spark.frames(job["spark"])  # type: ignore[no-any-return]


def _load(job: dict[str, Any]) -> Any:
    path = Path(job["code"], *job["entry"].split("/"))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{job['entry']} can't be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module


def _describe(error: BaseException, job: dict[str, Any]) -> dict[str, Any]:
    """The error for the report: its type, text, place in the project, and the trace without our own frames."""
    trace = traceback.TracebackException.from_exception(error)
    _prune(trace, set(), job["shim"])
    place, line = None, None
    for frame, number in traceback.walk_tb(error.__traceback__):
        project_path = _project_path(frame.f_code.co_filename, job)
        if project_path:
            place, line = project_path, number
    if isinstance(error, SyntaxError) and error.filename:
        project_path = _project_path(error.filename, job)
        if project_path:
            place, line = project_path, error.lineno or 1
    lines = list(trace.format_exception_only())
    return {
        "type": type(error).__name__,
        "message": (lines[-1] if lines else repr(error)).strip(),
        "missing": getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None,
        "place": place,
        "line": line if place else _line_of(job),
        "traceback": _shorten("".join(trace.format()), job),
    }


def _prune(trace: Any, seen: set[int], shim: str) -> None:
    """Drop the frames of this runner, of what stands for Andon, and of the import machinery, in the causes too."""
    if trace is None or id(trace) in seen:
        return
    seen.add(id(trace))
    kept = [f for f in trace.stack if not f.filename.startswith((HERE, shim, "<frozen importlib"))]
    trace.stack = traceback.StackSummary.from_list(kept)
    for other in (trace.__cause__, trace.__context__, *(getattr(trace, "exceptions", None) or ())):
        _prune(other, seen, shim)


def _shorten(text: str, job: dict[str, Any]) -> str:
    """Paths as people know them: the project's from its root, packages and the standard library without what is before them."""
    for path in (job["code"], *(path for path in sys.path if path not in (HERE, job["modules"], job["shim"]))):
        if len(path) > 3:
            text = text.replace(path + os.sep, "")
    return text


def _project_path(file: str, job: dict[str, Any]) -> str | None:
    prefix = job["code"] + os.sep
    return file[len(prefix) :].replace(os.sep, "/") if file.startswith(prefix) else None


def _line_of(job: dict[str, Any]) -> int | None:
    """The line where the function begins, for errors that have no place of their own."""
    text = Path(job["code"], *job["entry"].split("/")).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        if line.split("(")[0].split() in (["def", job["function"]], ["async", "def", job["function"]]):
            return number
    return None


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
