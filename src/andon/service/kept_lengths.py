"""How long things are kept, by the settings: what readers of the default branch have been told counts, and a folder can only keep longer.

Somebody's folder may be of last week, or hold an edit that nobody published: what it would let go of, the lake keeps.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.duration import Duration, read_duration
from andon.project.files.toml import read_toml
from andon.settings.table import SETTINGS

if TYPE_CHECKING:
    from andon.workspace.workspace import Workspace

_FILE = "andon.toml"
_DEFAULTS = {setting.name: str(setting.default) for setting in SETTINGS if setting.name.startswith("retention.")}


def kept_length(workspace: Workspace, name: str, now: datetime) -> Duration | None:
    """The length that a setting of `[retention]` says; None where it is empty.

    Args:
        name: `retention.keep`, `retention.runs` or `retention.grace`. Of a grace nothing is the shortest, of the others the longest.
        now: from which lengths are compared.
    """
    settings = workspace.settings
    own = read_duration(str(settings.get(name)))
    if settings.origin(name) not in (_FILE, "default"):
        return own  # somebody says it for this command, or for all of theirs
    published = read_duration(_published(workspace, name))
    if own is None or published is None:
        return (own or published) if name == "retention.grace" else None
    return own if own.before(now) < published.before(now) else published


def _published(workspace: Workspace, name: str) -> str:
    """What the default branch's own file says."""
    lake = workspace.lake
    sha = lake.commits.shared(lake.refs.head(workspace.default_branch)).get(_FILE)
    if sha is None:
        return _DEFAULTS[name]
    values, problems = read_toml(_FILE, lake.objects.text(sha).decode("utf-8-sig", "replace"))
    table = values.get("retention") if not problems else None
    said = table.get(name.partition(".")[2]) if isinstance(table, dict) else None
    return said if isinstance(said, str) else _DEFAULTS[name]
