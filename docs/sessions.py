"""Runs what the pages of `docs/` tell the reader to type, in a folder of its own, and compares what comes out.

    python docs/sessions.py            # compare; exit 1 on a difference
    python docs/sessions.py --update   # write what really came out into the pages

A comment above a fenced block says what it is:

    <!-- run -->          console: `$ ` begins a command, `> ` goes on with it; what follows is its output (stdout; where
                          an exit status is stated also stderr). `# exit 2` after a command states its exit
                          status. `…` stands for lines left out.
    <!-- write PATH -->   the block is the content of a new file
    <!-- edit PATH -->    a diff: its lines without `+` are replaced by its lines without `-`
    <!-- python -->       pycon: `>>> ` and `... ` lines are run in one interpreter for the whole page

Commit ids, moments, durations and sizes differ from run to run and are not compared. A page begins in an empty folder that
holds `examples/` of this repository.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: What stands for the temporary folder in a page.
HOME = "/home/ana"
_LEFT_OUT = "…"
#: A line of a page that is typed where there are servers.
_SERVERS = "<!-- needs servers -->"
_MARK = re.compile(r"<!-- (run|write|edit|python)(?: (\S+))? -->\s*$")
_EXIT = re.compile(r"\s+# exit (\d+)\b.*$")
_VARIABLE = (
    (re.compile(r"\b20[2-9]\d{5}T\d{6}\.\d+Z-[0-9a-f]{16}\b"), "<backup>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<id>"),
    (re.compile(r"\b([0-9a-f]{32}|[0-9a-f]{16}|[0-9a-f]{8})\b"), "<commit>"),
    (re.compile(r"\b20[2-9]\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?Z?)?"), "<time>"),
    (re.compile(r"\b\d+(\.\d+)? s\b|\b\d+ min( \d+ s)?"), "<seconds>"),
    (re.compile(r"(?<=<seconds> \()[≈<] [\d.,]+"), "<money>"),  # by a rate, of these seconds
    (re.compile(r"\b\d[\d.,]* (B|kB|MB|GB|TB)\b"), "<size>"),
    (re.compile(r'("(?:seconds|bytes)": )[\d.e-]+'), r"\1<number>"),
    (re.compile(r'(\bpython["\s:]+)3\.\d+\.\d+'), r"\1<version>"),
    (re.compile(r"\s+"), " "),
)
_INTERPRETER = """\
import contextlib, io, json, sys
scope = {"__name__": "__main__"}
for line in sys.stdin:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(json.loads(line) + "\\n", "<page>", "single"), scope)
    print(json.dumps(out.getvalue()), flush=True)
"""


@dataclass
class Block:
    """A marked block: `start` and `end` are the lines between its fences."""

    kind: str
    path: str
    start: int
    end: int


class Difference(Exception):
    """A page says something else than what happens."""


def pages() -> list[Path]:
    """The pages that hold something to run, but for those that need servers: `examples/team/team.py` types these."""
    found = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]
    lines = {page: page.read_text(encoding="utf-8").splitlines() for page in found}
    return [page for page in found if _SERVERS not in lines[page] and any(map(_MARK.match, lines[page]))]


def check(page: Path, folder: Path, update: bool = False, programs: Path | None = None) -> None:
    """Run a page in the empty `folder`.

    Args:
        update: write what came out into the page.
        programs: a folder whose programs are taken before all others.

    Raises:
        Difference: a command ends otherwise than stated, or prints something else.
    """
    session = Session(page, folder, programs)
    try:
        session.run(update)
    finally:
        session.close()


class Session:
    """A reader who types what a page says.

    Args:
        told: is told what is typed and what comes out, line by line.
    """

    def __init__(
        self, page: Path, folder: Path, programs: Path | None = None, told: Callable[[str], None] | None = None
    ) -> None:
        self.told = told or (lambda _: None)
        self.page = page
        self.lines = page.read_text(encoding="utf-8").splitlines()
        self.folder = self.where = folder
        (folder / "examples").symlink_to(ROOT / "examples")
        # what others left behind in the machine's own is none of the page's
        (folder / ".temporary").mkdir()
        searched = [
            *([str(programs)] if programs else []),
            str(Path(sys.executable).parent),
            os.environ.get("PATH", ""),
        ]
        self.environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("ANDON_", "OPENLINEAGE"))},
            "PATH": os.pathsep.join(searched),
            "ANDON_AUTHOR": "ana",
            "TMPDIR": str(folder / ".temporary"),
            "COLUMNS": "80",
            "NO_COLOR": "1",
            "PYTHON_COLORS": "0",
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in _ANA.items()},
        }
        self.interpreter: subprocess.Popen[str] | None = None

    def run(self, update: bool) -> None:
        """Take the blocks in their order."""
        written: list[tuple[Block, list[str]]] = []
        for block in self._blocks():
            body = self.lines[block.start : block.end]
            match block.kind:
                case "write":
                    target = self.where / block.path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text("\n".join(body) + "\n", encoding="utf-8")
                case "edit":
                    self._edit(block, body)
                case "run":
                    written.append((block, self._console(block, body, update)))
                case "python":
                    written.append((block, self._python(block, body, update)))
        if update:
            for block, body in reversed(written):
                self.lines[block.start : block.end] = body
            self.page.write_text("\n".join(self.lines) + "\n", encoding="utf-8")

    def _blocks(self) -> Iterator[Block]:
        number = 0
        while number < len(self.lines):
            mark = _MARK.match(self.lines[number])
            number += 1
            if mark is None:
                continue
            fence = re.match(r"`{3,}", self.lines[number])
            if fence is None:
                raise Difference(f"{self._place(number)}: a fenced block must follow the mark")
            end = self.lines.index(fence[0], number + 1)
            yield Block(mark[1], mark[2] or "", number + 1, end)
            number = end + 1

    def _edit(self, block: Block, body: list[str]) -> None:
        target = self.where / block.path
        text = target.read_text(encoding="utf-8")
        lines = [line for line in body if not line.startswith(("@@", "---", "+++"))]
        old = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("+"))
        new = "".join(f"{line[1:]}\n" for line in lines if not line.startswith("-"))
        if text.count(old) != 1:
            raise Difference(f"{self._place(block.start)}: the lines are not (once) in `{block.path}`")
        target.write_text(text.replace(old, new), encoding="utf-8")
        for line in (f"-- {block.path}", *lines, ""):
            self.told(line)

    def _console(self, block: Block, body: list[str], update: bool) -> list[str]:
        result: list[str] = []
        number = 0
        while number < len(body):
            if not body[number].startswith("$ "):
                raise Difference(f"{self._place(block.start + number)}: output without a command")
            first = number
            number += 1
            while number < len(body) and body[number].startswith("> "):
                number += 1
            typed = body[first:number]
            while number < len(body) and not body[number].startswith("$ "):
                number += 1
            said = body[first + len(typed) : number]
            for line in typed:
                self.told(line)
            actual = self._type("\n".join(line[2:] for line in typed), block.start + first)
            for line in actual:
                self.told(line)
            self.told("")
            result += [*typed, *self._compare(said, actual, block.start + first, update)]
        return result

    def _type(self, command: str, line: int) -> list[str]:
        stated = _EXIT.search(command)
        wanted = int(stated[1]) if stated else 0
        command = _EXIT.sub("", command)
        setting = re.fullmatch(r"export (\w+)=(\S+)", command)
        if setting:
            self.environ[setting[1]] = setting[2]
            return []
        if command.startswith("cd ") and "&&" not in command:
            self.where = (self.where / command[3:].strip()).resolve()
            return []
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.where,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if wanted else subprocess.PIPE,
            encoding="utf-8",
            timeout=120,
        )
        if done.returncode != wanted:
            told = f"exit {done.returncode} instead of {wanted}\n{done.stdout}{done.stderr or ''}"
            raise Difference(f"{self._place(line)}: `{command}`: {told}")
        return self._shown(done.stdout)

    def _python(self, block: Block, body: list[str], update: bool) -> list[str]:
        groups: list[tuple[list[str], list[str]]] = []
        for line in body:
            if line.startswith(">>> "):
                groups.append(([line], []))
            elif line.startswith("... ") or line == "...":
                groups[-1][0].append(line)
            else:
                groups[-1][1].append(line)
        result = []
        for typed, said in groups:
            output = self._interpret("\n".join(line[4:] for line in typed), block.start)
            result += [*typed, *self._compare(said, self._shown(output), block.start, update)]
        return result

    def _interpret(self, source: str, line: int) -> str:
        if self.interpreter is None:
            self.interpreter = subprocess.Popen(
                [sys.executable, "-c", _INTERPRETER],
                cwd=self.where,
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
        pipes = self.interpreter
        assert pipes.stdin is not None
        assert pipes.stdout is not None
        assert pipes.stderr is not None
        pipes.stdin.write(json.dumps(source) + "\n")
        pipes.stdin.flush()
        answer = pipes.stdout.readline()
        if not answer:
            raise Difference(f"{self._place(line)}: {pipes.stderr.read()}")
        return str(json.loads(answer))

    def close(self) -> None:
        """End the interpreter."""
        if self.interpreter is not None:
            self.interpreter.communicate()

    def _shown(self, text: str) -> list[str]:
        places = sorted({str(self.folder), str(self.folder.resolve())}, key=len, reverse=True)
        for place in places:
            text = text.replace(place, HOME)
        text = text.replace(sys.executable, f"{HOME}/.venv/bin/python")
        return [line.rstrip() for line in text.splitlines()]

    def _compare(self, said: list[str], actual: list[str], line: int, update: bool) -> list[str]:
        """The lines to show: those that were said with today's ids in them, or with `update` all."""
        said = said or ([] if not actual else said)
        wanted = [normal(text) for text in said if text.strip()]
        found = [(normal(text), text) for text in actual]
        shown: list[str] = []
        place = 0
        gap = False
        matched = bool(wanted) or not any(text for text, _ in found)
        for text in wanted:
            if text == _LEFT_OUT:
                gap = True
                continue
            here = next((i for i in range(place, len(found)) if found[i][0] == text), None)
            skipped = [t for t, _ in found[place:here] if t] if here is not None else []
            if here is None or (skipped and not gap):
                matched = False
                break
            shown += [_LEFT_OUT] if gap else [t for _, t in found[place:here]]
            shown.append(found[here][1])
            place, gap = here + 1, False
        rest = [t for t, _ in found[place:] if t]
        matched = matched and (gap or not rest)
        if matched:
            return [*shown, *([_LEFT_OUT] if gap else [t for _, t in found[place:]])]
        if update:
            return actual
        expected, got = "\n".join(said), "\n".join(actual)
        raise Difference(f"{self._place(line)}: the page shows\n{expected}\nand this came out\n{got}")

    def _place(self, line: int) -> str:
        name = self.page.relative_to(ROOT) if self.page.is_relative_to(ROOT) else self.page.name
        return f"{name}:{line + 1}"


_ANA = {"NAME": "ana", "EMAIL": "ana@shop.example"}


def normal(line: str) -> str:
    """A line without what differs from run to run."""
    for pattern, word in _VARIABLE:
        line = pattern.sub(word, line)
    return line.strip()


def main() -> int:
    """Compare all pages or those that are named; with `--update` write them."""
    parser = argparse.ArgumentParser(description="Run what the pages tell the reader to type.")
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--update", action="store_true", help="write what came out into the pages")
    options = parser.parse_args()
    wrong = 0
    for page in [p.resolve() for p in options.pages] or pages():
        with tempfile.TemporaryDirectory(prefix="andon-docs-") as folder:
            try:
                check(page, Path(folder), options.update)
                print(f"ok     {page.relative_to(ROOT)}")
            except Difference as difference:
                wrong += 1
                print(f"WRONG  {difference}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
