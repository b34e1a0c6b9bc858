"""What is packed of a stage, and how it is run: each step as the engine was asked it, over the files of this folder.

It knows DuckDB and, of Andon, only the files beside it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: The form of `stage.json` that is read here.
FORM = 1
#: Where results of steps lie while they are made, as the steps name them.
OUT = "out/"
#: Variables that a child must have of this process.
_FROM_PARENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")

Stage = dict[str, Any]


class StageError(Exception):
    """Why a stage can't be run."""


def quote(name: str) -> str:
    """A name in double quotes, for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def read_stage(folder: Path) -> Stage:
    """What is packed in a folder.

    Raises:
        StageError: it is no such folder, or of a later form.
    """
    try:
        stage: Stage = json.loads((folder / "stage.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StageError(f"stage.json can't be read: {error}") from error
    if not isinstance(stage, dict) or stage.get("form") != FORM:
        raise StageError(f"stage.json is not of the form {FORM}, which this reads")
    return stage


def require_whole(folder: Path, stage: Stage) -> None:
    """Refuse packed files that are not what was packed.

    Raises:
        StageError: with the names.
    """
    wrong = [f"{path} {why}" for path, known in stage["files"].items() if (why := _flaw(folder / path, known))]
    if wrong:
        raise StageError("what was packed has changed, so nothing is made of it:\n  " + "\n  ".join(wrong))


def _flaw(path: Path, known: dict[str, Any]) -> str | None:
    try:
        if path.stat().st_size != known["size"]:
            return f"has {path.stat().st_size:,} bytes, and had {known['size']:,}"
        with path.open("rb") as reader:
            found = hashlib.file_digest(reader, "sha256").hexdigest()
    except OSError as error:
        return f"can't be read: {error.strerror}"
    return None if found == known["sha256"] else "holds other bytes"


def edited_code(folder: Path, stage: Stage) -> list[str]:
    """The files of code that are not as they were packed."""
    found = []
    for path, sha in stage["code"].items():
        file = folder / "code" / path
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha:
            found.append(path)
    return found


@contextlib.contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """An empty folder for results, in the stage's own where that can be written; what was in it goes."""
    place = folder / OUT.rstrip("/")
    try:
        if place.exists():
            shutil.rmtree(place)
        place.mkdir()
    except OSError:
        with tempfile.TemporaryDirectory(prefix="andon-stage-") as name:
            yield Path(name)
        return
    yield place


class StageRun:
    """DuckDB as it was set when the version was built, and what runs Python in it.

    Args:
        place: where results go.
    """

    def __init__(self, stage: Stage, place: Path) -> None:
        import duckdb

        self._stage = stage
        self._place = place
        self._counter = 0
        settings = stage["settings"]
        config: dict[str, Any] = {
            "threads": settings["threads"],
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "temp_directory": str(place / "spill"),
        }
        if settings["memory_limit"]:
            config["memory_limit"] = settings["memory_limit"]
        self.connection = duckdb.connect(":memory:", config=config)
        self.connection.execute("set global TimeZone = 'UTC'")

    def __enter__(self) -> StageRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def made(self) -> list[str]:
        """Take all steps; gives the files that hold the result.

        Raises:
            StageError: one fails.
        """
        for step in self._stage["steps"]:
            take = self._python if step["kind"] == "python" else self._sql
            try:
                take(step)
            except StageError:
                raise
            except Exception as error:
                raise StageError(f"{step['name']} can't be made: {error}") from error
        return [self.at(path) for path in self._stage["result"]]

    def at(self, path: str) -> str:
        """A packed file, or the result of a step, as the engine is told of it."""
        return str(self._place / path.removeprefix(OUT)) if path.startswith(OUT) else path

    # -- SQL

    def _sql(self, step: dict[str, Any]) -> None:
        for statement in step["session"]:
            self.connection.execute(statement)
        catalog = self._catalog(step["inputs"], self._macros(step))
        sql = self._text(step)
        for each in self._stage["steps"]:
            for path in filter(None, (each["output"], each.get("aside_output"))):
                sql = sql.replace(literal(path), literal(self.at(path)))
        query = self._stored(sql, step["columns"])
        condition = step["aside"]
        target = self.at(step["output"])
        if condition is None:
            self._write(query, target)
        else:
            self.connection.execute(
                f'create or replace temp table andon_parted as select *, {condition} as "andon aside" from ({query})'
            )
            for value, to in (("false", target), ("true", self.at(step["aside_output"]))):
                self._write(f'select * exclude ("andon aside") from andon_parted where "andon aside" = {value}', to)
            self.connection.execute("drop table andon_parted")
        self.connection.execute("use memory")
        self.connection.execute(f"detach {quote(catalog)}")

    def _write(self, query: str, target: str) -> None:
        self.connection.execute(
            f"copy ({query}\n) to {literal(target)} (format parquet, compression zstd, compression_level 1)"
        )

    def _text(self, step: dict[str, Any]) -> str:
        """The SQL of a step, with the text of the file of code that it is made of as that is now."""
        ran = Path(step["sql"]).read_text(encoding="utf-8")
        written = step["written"]
        if written is None:
            return ran
        text = _read_code(written["path"])
        text = (
            text[: -len(written["tail"])]
            if written["tail"] and text.endswith(written["tail"])
            else text.rstrip().rstrip(";")
        )
        text = _with_calls(text, written)
        return ran[: written["start"]] + text + ran[written["end"] :]

    def _stored(self, sql: str, columns: list[list[str]]) -> str:
        """The query that gives what the lake stores."""
        stored = {name: kind for name, kind in columns}
        found = [(row[0], row[1]) for row in self.connection.execute(f"describe \n{sql}\n").fetchall()]
        kinds = [(name, kind, stored.get(name, "BIGINT" if kind == "HUGEINT" else kind)) for name, kind in found]
        if all(kind == to for _, kind, to in kinds):
            return f"\n{sql}\n"
        items = ", ".join(
            quote(n) if kind == to else f"cast({quote(n)} as {to}) as {quote(n)}" for n, kind, to in kinds
        )
        return f"select {items} from (\n{sql}\n)"

    def _macros(self, step: dict[str, Any]) -> list[str]:
        """The macros of a step, as their files say them now."""
        found = []
        texts: dict[str, list[str]] = {}
        for macro in step["macros"]:
            path = macro["path"]
            if path is None:
                found.append(macro["text"])
                continue
            if path not in texts:
                import duckdb

                texts[path] = [each.query.strip().rstrip(";") for each in duckdb.extract_statements(_read_code(path))]
            found += [text for text in texts[path] if _makes(text, macro["name"])] or [macro["text"]]
        return found

    def _catalog(self, names: dict[str, Any], macros: list[str]) -> str:
        """A catalog in which names stand for what they stood for when the version was built."""
        self._counter += 1
        catalog = f"lake_{self._counter}"
        run = self.connection.execute
        run(f"attach ':memory:' as {quote(catalog)}")
        for name, relation in names.items():
            schema, _, table = name.partition(".")
            source = self._source(relation)
            run(f"create schema if not exists {quote(catalog)}.{quote(schema)}")
            run(f"create view {quote(catalog)}.{quote(schema)}.{quote(table)} as from {source}")
        run(f"use {quote(catalog)}")
        for statement in macros:
            run(_in_place(statement))
        return catalog

    def _source(self, relation: dict[str, Any]) -> str:
        if "files" in relation:
            return f"read_parquet([{', '.join(literal(self.at(path)) for path in relation['files'])}])"
        own = self._catalog(relation["inputs"], relation["macros"])
        self.connection.execute(f"create schema andon; create view andon.this as (\n{relation['sql']}\n)")
        return f"{quote(own)}.andon.this"

    # -- Python

    def _python(self, step: dict[str, Any]) -> None:
        here = Path.cwd()
        work = self._place / "python"
        for name in ("home", "tmp"):
            (work / name).mkdir(parents=True, exist_ok=True)
        (here / "code" / "modules").mkdir(exist_ok=True)
        files = {name: [str(here / path) for path in each["files"]] for name, each in step["inputs"].items()}
        own = here / "engine"
        job = {
            **step["job"],
            "parent": None,
            "isolation": "bundle",
            "code": str(here / "code"),
            "modules": str(here / "code" / "modules"),
            "shim": str(own / "shim"),
            "temporary": str(work / "tmp"),
            "report": str(work / "report.json"),
            "output": self.at(step["output"]),
            "parts": str(work),
            "inputs": {
                name: f"select * from read_parquet([{', '.join(map(literal, paths))}])" for name, paths in files.items()
            },
            "means": [],
            "place": str(work),
            "readable": [],
            "links": [],
            "memory": None,
            "paths": [],
            "network": None,
        }
        if job["analysis"] is not None:
            made = self._place / "outputs"
            made.mkdir()
            job["analysis"]["outputs"] = str(made.resolve())
            (work / "fonts.conf").write_text("<fontconfig></fontconfig>\n", encoding="utf-8")
        (work / "job.json").write_text(json.dumps(job), encoding="utf-8")
        environment = {name: os.environ[name] for name in _FROM_PARENT if name in os.environ}
        environment |= {**step["environment"], "PATH": os.defpath}
        environment |= {"HOME": str(work / "home"), "TMPDIR": str(work / "tmp")}
        if job["analysis"] is not None:  # fonts of the system are others on each machine
            environment["FONTCONFIG_FILE"] = str(work / "fonts.conf")
        # what was compiled of a file before it was edited is not taken for it
        environment["PYTHONPYCACHEPREFIX"] = str(work / "cache")
        # what is installed here may be Andon itself, and is not what code of a stage means by `andon`
        shown = [str(own / "shim"), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(shown)
        self._child(
            [sys.executable, *_flags(), str(own / "_andon_runner.py"), str(work / "job.json")], work, environment
        )

    def _child(self, command: list[str], work: Path, environment: dict[str, str]) -> None:
        """Run the function's process to its end.

        Raises:
            StageError: with what it says.
        """
        log = work / "log.txt"
        with (
            log.open("wb") as writer,
            subprocess.Popen(
                command,
                cwd=Path.cwd() / "code",
                env=environment,
                stdin=subprocess.PIPE,
                stdout=writer,
                stderr=subprocess.STDOUT,
            ) as process,
        ):  # its end is seen by the pipe
            process.wait()
        report = work / "report.json"
        found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
        if not found.get("ok"):
            said = log.read_text(encoding="utf-8", errors="replace")[-4000:].strip()
            why = found.get("traceback") or found.get("message") or f"the process ended with {process.returncode}"
            raise StageError(f"{why.rstrip()}\n{said}".rstrip())


def _flags() -> list[str]:
    """The flags that decide which packages this process sees."""
    return ["-s", *(["-S"] if sys.flags.no_site else [])]


def _read_code(path: str) -> str:
    try:
        with (Path("code") / path).open(encoding="utf-8", newline="") as reader:
            return reader.read()
    except (OSError, ValueError) as error:
        raise StageError(f"code/{path} can't be read: {error}") from error


def _with_calls(text: str, written: dict[str, Any]) -> str:
    """The text of a source with what was run in the place of its calls that read files."""
    found = []
    for call in written["calls"]:
        at = -1
        for _ in range(call["number"] + 1):
            at = text.find(call["written"], at + 1)
            if at < 0:
                raise StageError(
                    f"code/{written['path']} does not say `{call['written']}` any more: how files are read was decided when it was packed"
                )
        found.append((at, call))
    for at, call in sorted(found, key=lambda each: -each[0]):
        text = text[:at] + call["ran"] + text[at + len(call["written"]) :]
    return text


def _makes(statement: str, name: str) -> bool:
    """Whether a `create macro` statement makes the macro of a name."""
    head = statement.partition("(")[0].strip()
    return head.endswith(('"' + name.replace('"', '""') + '"', f" {name}")) or head.lower().endswith(f" {name.lower()}")


def _in_place(statement: str) -> str:
    """A `create macro` statement that takes the place of one that is there."""
    words = statement.split(None, 3)
    if [word.lower() for word in words[:1]] == ["create"] and words[1].lower() in ("macro", "function"):
        return statement.replace(words[0], "create or replace", 1)
    return statement


def put_together(result: list[str], target: Path) -> None:
    """Write a result into one file."""
    import duckdb

    listed = ", ".join(literal(path) for path in result)
    duckdb.connect(":memory:").execute(
        f"copy (from read_parquet([{listed}])) to {literal(str(target))} (format parquet)"
    )


def machine() -> dict[str, str]:
    """What a result may hang on that a folder does not hold."""
    import duckdb

    return {"duckdb": duckdb.__version__, "python": platform.python_version()}
