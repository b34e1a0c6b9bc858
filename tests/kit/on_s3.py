"""Runs tests that know nothing of it over object storage: `ANDON_TESTS_STORAGE=s3 pytest …`. Finds what takes a storage for a folder.

A project that names no storage gets a prefix of its own in a bucket of a running server; a copy of its state goes on with a copy.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from pathlib import Path
from typing import Any

from kit.remote import TOKEN, Bucket

_NOTE = ".tests-prefix"


def let_all_lie_on(bucket: Bucket) -> None:
    """From here on, lakes of this process whose storage nothing names lie in a bucket."""
    from andon.workspace import adapters

    begin = adapters.Adapters.__init__
    ambient = {
        "AWS_ENDPOINT_URL": bucket.server.url,
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": TOKEN,
        "AWS_REGION": "us-east-1",
    }

    def begun(self: Any, root: Path, settings: Any, environ: Any, *rest: Any, **named: Any) -> None:
        begin(self, root, settings, {**environ, **ambient}, *rest, **named)
        if settings.origin("storage") == "default":
            settings._values["storage"] = f"s3://{bucket.name}/{_prefix(self.folder.state, bucket)}"

    adapters.Adapters.__init__ = begun  # type: ignore[method-assign]


def _prefix(state: Path, bucket: Bucket) -> str:
    """The prefix of a project: its own, with all that lay at that of the project whose copy it is."""
    note = state / _NOTE
    known, _, root = note.read_text().partition(" ") if note.exists() else ("", "", "")
    if root == str(state):
        return known
    prefix = secrets.token_hex(6)
    if known:
        bucket.copy(f"{known}/", f"{prefix}/", but=".catalogs/")
        mirror = state / "mirror"
        for place in mirror.iterdir() if mirror.is_dir() else ():
            place.rename(mirror / sha256(f"s3://{bucket.name}/{prefix}".encode()).hexdigest()[:16])
    state.mkdir(parents=True, exist_ok=True)
    note.write_text(f"{prefix} {state}")
    return prefix
