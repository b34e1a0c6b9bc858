"""Telling a story by typing commands: who types them, and when."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from andon.base.clock import clock_from
from andon.base.files import tree_size
from andon.cli.app import App
from andon.cli.output import Console
from andon.cli.overview import BY_NAME
from andon.errors import DatasetError

if TYPE_CHECKING:
    from andon.service.service import Service


class StoryApp(App):
    """The application of one teller of the story: a name and a clock."""

    def __init__(self, project: Path, console: Console, author: str, moment: datetime) -> None:
        super().__init__(project, console)
        self._author = author
        self._moment = moment

    @cached_property
    def service(self) -> Service:
        """The verbs of the story's folder."""
        import os

        from andon.service.service import Service

        environ: Mapping[str, str] = {**os.environ, "ANDON_AUTHOR": self._author}
        return Service.open(self.start, face="cli", environ=environ, clock=clock_from(self._moment))


@dataclass
class Story:
    """The telling: where, to whom, and what it came to.

    Attributes:
        pause: whether to wait for a key between the parts.
        beats: what was told, for `--json`.
    """

    console: Console
    folder: Path
    pause: bool
    beats: list[dict[str, Any]] = field(default_factory=list)

    def beat(self, title: str, text: str, author: str, moment: datetime) -> Teller:
        """Begin a part: its title, what happens, who types, and when."""
        if self.beats and self.pause:
            click.pause(self.console.err.paint("  press any key to go on", "dim"), err=True)
        out = self.console.out
        number = len(self.beats) + 1
        self.beats.append({"title": title, "commands": [], "figures": {}, "seconds": 0.0})
        out.line()
        out.line(
            f"{out.paint(f'{number}  {title}', 'bold')}  {out.paint(f'{moment.day} {moment:%B %Y} · {author}', 'dim')}"
        )
        out.line(f"   {text}")
        return Teller(self, StoryApp(self.folder, self.console, author, moment))

    def turn(self, author: str, moment: datetime) -> Teller:
        """Go on with the part as somebody else, later."""
        out = self.console.out
        out.line()
        out.line(f"   {out.paint(f'{moment.day} {moment:%B %Y} · {author}', 'dim')}")
        return Teller(self, StoryApp(self.folder, self.console, author, moment))


@dataclass
class Teller:
    """One part: types commands and edits files."""

    story: Story
    app: StoryApp

    def __enter__(self) -> Teller:
        return self

    def __exit__(self, *_: object) -> None:
        self.app.close()

    def type(self, *words: str, status: int = 0, folders: tuple[str, ...] = ()) -> None:
        """Type a command of Andon and run it.

        Args:
            status: the exit status with which it ends in the story.
            folders: those words that are folders of the story's.

        Raises:
            DatasetError: the command ended otherwise, so that the story can't go on.
        """
        out = self.story.console.out
        out.line()
        out.line(f"{out.paint('$', 'accent')} {out.paint('andon ' + _shown(words), 'bold')}")
        entry = BY_NAME[words[0]]
        command: click.Command = getattr(import_module(entry.home), entry.attribute)
        began = time.perf_counter()
        given = [str(self.story.folder / word) if word in folders else word for word in words[1:]]
        ended = command.main(given, prog_name=f"andon {words[0]}", obj=self.app, standalone_mode=False)
        beat = self.story.beats[-1]
        beat["commands"].append("andon " + _shown(words))
        beat["seconds"] = round(beat["seconds"] + time.perf_counter() - began, 3)
        if (ended or 0) != status:
            raise DatasetError(
                "build.failed",
                f"the story stops here: `andon {words[0]}` ended with status {ended or 0}",
                where=str(self.story.folder),
                hint="what went wrong stands above; `andon doctor` looks at the machine",
            )

    def python(self, script: str) -> None:
        """Run a script of the story's folder with Python and DuckDB alone: nothing else of this installation is at hand. Its first word
        is kept with the part.

        Raises:
            DatasetError: it ended with another status than 0.
        """
        import os
        import subprocess

        from andon.engines.python.environment import provide_environment

        out = self.story.console.out
        out.line()
        out.line(f"{out.paint('$', 'accent')} {out.paint(f'python {script}', 'bold')}")
        began = time.perf_counter()
        environment = provide_environment(script, None, self.app.workspace.folder.state / "environments")
        path = os.pathsep.join(str(each) for each in environment.paths)
        done = subprocess.run(
            [*environment.command, script],
            cwd=self.story.folder,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        for line in done.stdout.splitlines():
            out.line(line)
        beat = self.story.beats[-1]
        beat["commands"].append(f"python {script}")
        beat["figures"]["elsewhere"] = done.stdout.partition(" ")[0]
        beat["seconds"] = round(beat["seconds"] + time.perf_counter() - began, 3)
        if done.returncode:
            raise DatasetError(
                "build.failed",
                f"the story stops here: `python {script}` ended with status {done.returncode}: {done.stderr.strip()}",
                where=str(self.story.folder),
                hint="`andon doctor` looks at the machine",
            )

    def edit(self, path: str, what: str, *changes: tuple[str, str]) -> None:
        """Edit a file of the project: each change replaces a text by another."""
        place = self.app.start / path
        text = place.read_text(encoding="utf-8")
        for old, new in changes:
            if old not in text:
                raise ValueError(f"the sample project's `{path}` is not the one that the story knows")
            text = text.replace(old, new, 1)
        place.write_text(text, encoding="utf-8")
        self.say(f"{self.story.console.out.paint('edit', 'accent')} {path}: {what}")

    def say(self, text: str) -> None:
        """A line of the story."""
        self.story.console.out.line()
        self.story.console.out.line(f"  {text}")

    def figure(self, name: str, sql: str, at: str | None = None) -> Any:
        """Ask for one figure and keep it with the part."""
        value = self.app.service.querying.ask(sql, at).fetch()[0][0]
        self.story.beats[-1]["figures"][name] = str(value)
        return value

    def stored(self) -> int:
        """Bytes of data files in the lake."""
        root = self.app.workspace.lake.storage.root / "data"
        return tree_size(root)[1]


def _shown(words: tuple[str, ...]) -> str:
    return " ".join(f'"{w}"' if " " in w and '"' not in w else shlex.quote(w) if " " in w else w for w in words)
