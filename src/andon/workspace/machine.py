"""What this machine and account are, as it is recorded with runs."""

from __future__ import annotations

import functools
import os
import platform
from pathlib import Path

from andon.model.origin import Origin
from andon.version import __version__


@functools.cache
def this_machine() -> Origin:
    """What runs here, without git; asked once."""
    return Origin(
        andon=__version__,
        python=platform.python_version(),
        platform=_platform(),
        processor=_processor(),
        user=_user(),
    )


def _platform() -> str:
    if not hasattr(os, "uname"):
        return platform.platform()
    known = os.uname()
    return " ".join(filter(None, (known.sysname, known.release, known.machine, _c_library())))


def _c_library() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):  # not that library
        return ""


def _processor() -> str:
    """Sums of floating-point numbers may differ by the instructions that there are."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            lines = [line.partition(":") for line in file.read(4096).splitlines()]
    except OSError:  # another system
        return ""
    return next((value.strip() for name, _, value in lines if name.strip() in ("model name", "Model")), "")


def _user() -> str:
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # Windows; an account without a name, as in containers
        return os.environ.get("USERNAME", "") if os.name == "nt" else str(os.getuid())
