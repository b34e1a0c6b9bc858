"""Who else may read and write what is made: new files and folders are like the folder that they are made in, whatever the umask says.

A folder is *shared* when its group may write it. One that root makes for somebody else is theirs.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from andon.errors import UsageError

_FILE = 0o666
_OWN = stat.S_IRUSR | stat.S_IWUSR
_SHARED = stat.S_ISGID | stat.S_IRWXU | stat.S_IRWXG


def like_folder(path: Path, allowed: int = _FILE) -> None:
    """Give a file that was made just now the permissions of its folder, as far as `allowed` has them. Another account's stays as it is."""
    folder = path.parent.stat()
    _give(path, stat.S_IMODE(folder.st_mode) & allowed & _FILE | _OWN, folder)


def like_shared_folder(path: Path) -> None:
    """`like_folder` in a shared folder; elsewhere the umask decides, as of any file."""
    if is_shared(path.parent):
        like_folder(path)


def folder_like_parent(path: Path) -> None:
    """Give a folder that was made just now the permissions of the one above it, if that is shared."""
    parent = path.parent.stat()
    if parent.st_mode & stat.S_IWGRP:
        _give(path, stat.S_IMODE(parent.st_mode), parent)
    else:
        _give(path, stat.S_IMODE(path.stat().st_mode), parent)


def is_shared(folder: Path) -> bool:
    """Whether the folder's group may write it."""
    return bool(folder.stat().st_mode & stat.S_IWGRP)


def group_id(name: str) -> int:
    """The number of a group of this system, by its name or number.

    Raises:
        UsageError: `usage.bad_argument` if there is none.
    """
    try:
        import grp

        return int(name) if name.isdigit() else grp.getgrnam(name).gr_gid
    except (ImportError, KeyError) as error:
        raise UsageError(
            "usage.bad_argument",
            f"this system has no group `{name}`",
            where="lake.group",
            hint="name a group of `getent group`, or take `lake.group` out",
        ) from error


def share(folder: Path, group: str, *, is_own: bool) -> None:
    """Let a group read and write a folder, all that is in it, and all that is made in it from now on.

    Args:
        is_own: whether the folder is the lake's alone; one that holds other things must be the group's already.

    Raises:
        UsageError: `usage.bad_argument` where this account can't, with the commands for who can.
    """
    number, found = group_id(group), folder.stat()
    if found.st_gid == number and found.st_mode & _SHARED == _SHARED:
        return
    reason = "it may hold other things than the lake"
    if is_own:
        try:
            os.chown(folder, -1, number)
            folder.chmod(stat.S_IMODE(folder.stat().st_mode) & ~stat.S_IRWXO | _SHARED)
            for above, folders, files in os.walk(folder):
                for name in folders:
                    folder_like_parent(Path(above, name))
                for name in files:
                    like_folder(Path(above, name))
        except OSError as error:
            reason = str(error.strerror)
        else:
            return
    raise UsageError(
        "usage.bad_argument",
        f"`lake.group` is `{group}`, and `{folder}` is not shared with it: {reason}",
        where="lake.group",
        hint=f"its owner, a member of `{group}`, can: `chgrp -R {group} {folder}` and `chmod -R g+rwX,g+s {folder}`",
    )


def _give(path: Path, mode: int, folder: os.stat_result) -> None:
    found = path.stat()
    with contextlib.suppress(PermissionError):
        if os.geteuid() == 0 and found.st_uid != folder.st_uid:
            os.chown(path, folder.st_uid, folder.st_gid)
        elif folder.st_mode & stat.S_ISGID and found.st_gid != folder.st_gid:
            os.chown(path, -1, folder.st_gid)
        if stat.S_IMODE(found.st_mode) != mode:
            path.chmod(mode)
