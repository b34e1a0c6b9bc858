"""Calling uv, the program that resolves and installs packages."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from andon.errors import DatasetError, MachineError

_POLL = 0.1
_NETWORK_WORDS = (
    "error sending request",
    "dns error",
    "failed to connect",
    "connection refused",
    "timed out",
    "failed to fetch",
)


# fmt: off
#: Variables that uv and what it starts may see, whatever their case: programs, homes, places, proxies, certificates, compilers.
KEPT = frozenset({
    "PATH", "HOME", "USER", "LOGNAME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "SYSTEMROOT",
    "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TMPDIR", "TEMP", "TMP", "LANG", "LANGUAGE", "TZ", "NETRC",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSL_CLIENT_CERT",
    "NIX_SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CC", "CXX",
    "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "MACOSX_DEPLOYMENT_TARGET", "DBUS_SESSION_BUS_ADDRESS",
})
# fmt: on
#: Beginnings of such names: settings of uv and pip (an index and who may read it among them), languages, places of the desktop.
KEPT_PREFIXES = ("UV_", "PIP_", "LC_", "XDG_")
#: What begins so and is none of uv's business here.
_NOT_KEPT = ("UV_PROJECT", "UV_PUBLISH_", "UV_ENV_FILE")


def kept_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What of `environ` uv may see."""

    def is_kept(name: str) -> bool:
        upper = name.upper()
        return (upper in KEPT or upper.startswith(KEPT_PREFIXES)) and not upper.startswith(_NOT_KEPT)

    return {name: value for name, value in environ.items() if is_kept(name)}


class UvError(Exception):
    """uv refused; the text is what it said."""

    @property
    def offline(self) -> bool:
        """Whether the cause seems to be the network and not the request."""
        text = str(self).lower()
        return any(word in text for word in _NETWORK_WORDS)


def call_uv(arguments: Sequence[str], *, folder: Path, text: str = "", cancelled: threading.Event | None = None) -> str:
    """Run uv in `folder` with `text` as its input and return what it prints.

    uv, and the set-up of packages that it builds, see of the caller's environment what they need to find programs, indexes and
    certificates (`KEPT`, `KEPT_PREFIXES`) and nothing else.

    Raises:
        UvError: uv failed.
        DatasetError: `build.interrupted` when `cancelled` was set meanwhile; uv is stopped.
        MachineError: `machine.missing` when there is no uv.
    """
    if cancelled is not None and cancelled.is_set():
        raise _interrupted()
    environment = kept_environment(os.environ)
    command = [_find_uv(), "--color", "never", "--no-progress", *arguments]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C is for us to handle: uv would fail by it and look as if it had refused
    ) as process:
        try:
            output, errors = _communicate(process, text, cancelled)
        except BaseException:  # an interruption, Ctrl-C: whatever ends the wait ends uv
            _kill(process)
            raise
    if process.returncode != 0:
        raise UvError(errors.strip() or output.strip() or f"uv ended with status {process.returncode}")
    return output


def _communicate(process: subprocess.Popen[str], text: str, cancelled: threading.Event | None) -> tuple[str, str]:
    pending: str | None = text
    while True:
        try:
            return process.communicate(pending, timeout=_POLL)
        except subprocess.TimeoutExpired:
            pending = None
            if cancelled is not None and cancelled.is_set():
                raise _interrupted() from None


def _kill(process: subprocess.Popen[str]) -> None:
    """End uv and what it started to build packages."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _interrupted() -> DatasetError:
    return DatasetError("build.interrupted", "the run was interrupted while packages were installed")


def _find_uv() -> str:
    import uv

    try:
        return uv.find_uv_bin()
    except FileNotFoundError as error:
        raise MachineError(
            "machine.missing",
            "the program `uv`, which installs the packages of Python datasets, was not found",
            hint="install Andon again (`pip install --force-reinstall uv`)",
        ) from error
