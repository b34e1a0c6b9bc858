"""Commands that put a raw file right where it lies: a hint that shows one is complete, whatever the file's name."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from andon.base.record import replace
from andon.sources.files.calls import Call

_PACKERS = {"gzip": ("gzip -dc", "gzip"), "zstd": ("zstd -dc", "zstd")}


def filtered(path: str, command: str, compression: str = "none") -> str:
    """A shell command that sends the file at `path` through `command` and puts the result in its place."""
    file, new = shlex.quote(path), shlex.quote(f"{path}.new")
    if compression in _PACKERS:
        unpack, pack = _PACKERS[compression]
        return f"{unpack} < {file} | {command} | {pack} > {new} && mv {new} {file}"
    return f"{command} < {file} > {new} && mv {new} {file}"


def to_utf8(page: str) -> str:
    """The command that makes UTF-8 of a text in the code page `page`."""
    return f"iconv -f {page} -t utf-8"


def _all_filtered(patterns: Sequence[str], command: str) -> str | None:
    """As `filtered`, for all files that `patterns` mean; None where a shell reads the patterns otherwise."""
    if any("**" in p or not re.fullmatch(r"[\w./*?=+,@-]+", p) or p.endswith((".gz", ".zst")) for p in patterns):
        return None
    return f'for f in {" ".join(patterns)}; do {command} < "$f" > "$f.new" && mv "$f.new" "$f"; done'


def converted(call: Call, page: str) -> str:
    """What to do with a source whose files are text in the code page `page`, which the engine does not read."""
    plain = replace(call, texts={n: t for n, t in call.texts.items() if n != "encoding"}).suggest()
    command = _all_filtered(call.read.patterns, to_utf8(page))
    hint = f"convert all files of the source: `{command}`" if command else "convert all files of the source to UTF-8"
    return f"{hint}; then write `{plain}`"
