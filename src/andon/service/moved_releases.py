"""Rows that somebody put back, of a dataset that gets another name: they stay put back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from andon.base.hashing import digest
from andon.base.record import replace
from andon.model.check import check_id
from andon.model.release import rows_text
from andon.runs.inspection.book import CheckBook
from andon.runs.inspection.history import OwnCode
from andon.workspace.code import project_at

if TYPE_CHECKING:
    from andon.model.commit import Commit, State
    from andon.model.release import Release
    from andon.workspace.workspace import Workspace


def moved_releases(
    workspace: Workspace, head: Commit, state: State, old: str, new: str
) -> tuple[tuple[Release, ...], tuple[Release, ...], tuple[bytes, ...]]:
    """What of a commit's releases goes when `old` is called `new`, what comes in its place, and the texts that name those rows.

    The id of a check hangs on the name of its dataset; what tells a row does not.
    """
    gone = tuple(release for release in head.releases if release.dataset == old)
    if not gone:
        return (), (), ()
    book = CheckBook(workspace, OwnCode.of(project_at(workspace, state), state), {})
    checks = [each.check for each in book.of(old) if each.check.quarantine is not None]
    ids = {c.id: check_id(new, c.form, c.where, c.allow, c.quarantine) for c in checks}
    come, texts = [], []
    for release in gone:
        rows = json.loads(workspace.lake.objects.text(release.rows))
        text = rows_text({ids.get(check, check): found for check, found in rows.items()})
        come.append(replace(release, dataset=new, rows=digest(text)))
        texts.append(text)
    return gone, tuple(come), tuple(texts)
