"""What is wrong with one entry of `andon.toml`."""

from __future__ import annotations

from andon.base.record import Record


class SettingProblem(Record):
    """What is wrong with one entry of parsed TOML: `path` is its keys from the top."""

    code: str
    path: tuple[str, ...]
    message: str
    hint: str | None = None
