"""Makes `docs/images/demo.svg`: a short session, really typed, drawn as a terminal.

python docs/make_picture.py
"""

from __future__ import annotations

import gzip
import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "images" / "demo.svg"
WIDTH = 80
MART = "datasets/marts/revenue_by_month.sql"
JUNE = "raw/transactions_1998-06.csv.gz"
MAY = "select revenue as may_1998 from marts.revenue_by_month where month = date '1998-05-01'"
#: A mistake: two rates are valid at a time, so every purchase counts twice.
MISTAKE = (
    ("money(sum(amount))", "money(sum(amount * rate))"),
    (
        "from staging.purchases\n",
        "from staging.purchases as purchases\n"
        "join (values (1.0, date '1996-01-01'), (1.0, date '1997-01-01')) as rates (rate, since)\n"
        "  on rates.since <= purchases.purchased_on\n",
    ),
)
#: Black to white of a terminal, normal and bright, on a light ground.
_COLORS = (
    (38, 38, 36),
    (176, 42, 48),
    (35, 116, 66),
    (156, 100, 0),
    (40, 80, 160),
    (120, 60, 140),
    (0, 105, 120),
    (90, 90, 86),
)
_GROUND, _INK, _NOTE = (250, 249, 246), (38, 38, 36), (120, 120, 116)
#: As rich's own, without the window's buttons and without fonts from elsewhere.
_FORM = """\
<svg viewBox="0 0 {terminal_width} {terminal_height}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="A session with andon">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
{styles}
</style>
<defs>{lines}</defs>
<rect width="100%" height="100%" rx="6" fill="rgb(250,249,246)"/>
<g transform="translate(14, 12)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def type_(console: Console, folder: Path, command: str, status: int = 0) -> None:
    """Type a command on a terminal of its own, and record what it shows there."""
    from rich.text import Text

    console.print(Text.assemble(("$ ", "cyan"), (command, "bold")))
    primary, secondary = pty.openpty()
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith("ANDON_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "ANDON_AUTHOR": "ana",
        "COLUMNS": str(WIDTH),
        "TERM": "xterm-256color",
    }
    environ.pop("NO_COLOR", None)
    with subprocess.Popen(
        ["/bin/sh", "-c", command], cwd=folder, env=environ, stdout=secondary, stderr=subprocess.DEVNULL
    ) as program:
        os.close(secondary)
        said = b""
        while True:
            try:
                part = os.read(primary, 65536)
            except OSError:  # the program has closed its end
                break
            if not part:
                break
            said += part
    os.close(primary)
    if program.returncode != status:
        raise SystemExit(f"`{command}` ended with {program.returncode}:\n{said.decode()}")
    for line in said.decode().replace("\r\n", "\n").rstrip("\n").split("\n"):
        console.print(Text.from_ansi(line))
    console.print()


def in_cents(packed: bytes) -> bytes:
    """A month's file with its amounts a hundred times too large."""
    first, *lines = gzip.decompress(packed).decode().splitlines()
    made = [f"{rest},{float(amount) * 100:.2f}" for rest, _, amount in (line.rpartition(",") for line in lines)]
    return gzip.compress("\n".join([first, *made, ""]).encode(), mtime=0)


def note(console: Console, text: str) -> None:
    """A line of the story."""
    from rich.text import Text

    console.print(Text(f"# {text}", style="bright_black"))


def main() -> None:
    """Type the session and write the picture."""
    from rich.console import Console
    from rich.terminal_theme import TerminalTheme

    with tempfile.TemporaryDirectory(prefix="andon-picture-") as temporary:
        folder = Path(temporary) / "shop"
        shutil.copytree(ROOT / "examples" / "cdnow", folder, ignore=shutil.ignore_patterns(".andon"))
        (folder / "may.sql").write_text(MAY, encoding="utf-8")
        console = Console(
            record=True,
            width=WIDTH,
            file=io.StringIO(),
            force_terminal=True,
            color_system="standard",
        )
        note(console, "A shop's real purchases: build everything aside, publish in one step")
        type_(console, folder, "andon run --yes")
        note(console, "June arrives again, in cents. It is held; readers see what they saw before")
        good = (folder / JUNE).read_bytes()
        (folder / JUNE).write_bytes(in_cents(good))
        type_(console, folder, "andon refresh", status=1)
        (folder / JUNE).write_bytes(good)
        note(console, "A join counts purchases twice. It is valid SQL; every reader sees it")
        text = (folder / MART).read_text(encoding="utf-8")
        for old, new in MISTAKE:
            assert old in text
            text = text.replace(old, new)
        (folder / MART).write_text(text, encoding="utf-8")
        type_(console, folder, "andon run --yes")
        type_(console, folder, "andon query -f may.sql")
        note(console, "One command takes it back. No data is moved")
        type_(console, folder, "andon undo")
        type_(console, folder, "andon query -f may.sql")
    svg = console.export_svg(
        theme=TerminalTheme(_GROUND, _INK, list(_COLORS), [_NOTE, *_COLORS[1:]]), code_format=_FORM, unique_id="andon"
    )
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(re.sub(r"[ \t]+\n", "\n", svg), encoding="utf-8")


if __name__ == "__main__":
    main()
