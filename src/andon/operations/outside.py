"""What is told to somebody outside: a program of the user's own, or an address. Both are given a document as JSON."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any

from andon.base.cancel import CancelToken
from andon.base.record import Record
from andon.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Of what a program or an address says so many characters are kept.
SAID = 2000


class ProgramEnd(Record):
    """How a program ended.

    Attributes:
        status: its exit status; None: it was ended, since it took too long.
        said: the end of what it said on both its outputs.
    """

    status: int | None
    said: str


class WebAnswer(Record):
    """What an address answered: a status of HTTP, and the beginning of the text."""

    status: int
    said: str


class NoAnswer(Exception):
    """An address did not answer; the text says why, without the address, which may hold a secret."""


def run_program(
    arguments: Sequence[str],
    document: Mapping[str, Any],
    folder: str,
    timeout: float,
    environ: Mapping[str, str] | None = None,
    cancel: CancelToken | None = None,
) -> ProgramEnd:
    """Run a program without a shell, with JSON on its standard input, in a session of its own; ended with all that it began.

    Args:
        folder: where it runs.
        timeout: seconds.
        environ: its environment; without it that of this process.
        cancel: ends it at once.

    Raises:
        OSError: it can't be started.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            list(arguments),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=dict(environ) if environ is not None else None,
            start_new_session=True,
        )
        try:
            with (cancel or CancelToken()).calling(lambda: _kill(process)):
                process.communicate(json.dumps(document).encode(), timeout=timeout)
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(process)
        said.seek(max(said.seek(0, os.SEEK_END) - 4 * SAID, 0))
        return ProgramEnd(status, said.read().decode(errors="replace")[-SAID:])


def post(url: str, document: Mapping[str, Any], headers: Mapping[str, str], timeout: float) -> WebAnswer:
    """POST JSON to an address, through the proxy that the machine is set to; a redirect is not followed.

    Args:
        timeout: seconds for the answer, and half of them for the connection.

    Raises:
        NoAnswer: there was none.
        MachineError: `machine.missing` where the library is not installed.
    """
    from andon.sources.web import connections

    pool = connections(url)
    import urllib3

    sent = {"Content-Type": "application/json", "User-Agent": f"andon/{__version__}", **headers}
    try:
        answer: Any = pool.request(
            "POST",
            url,
            body=json.dumps(document).encode(),
            headers=sent,
            redirect=False,
            retries=False,
            timeout=urllib3.Timeout(connect=timeout / 2, read=timeout),
            preload_content=False,
        )
        said = answer.read(SAID, decode_content=True)
        answer.close()
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise NoAnswer(_why(error, timeout)) from error
    return WebAnswer(answer.status, said.decode(errors="replace"))


def _end(process: subprocess.Popen[bytes]) -> None:
    _kill(process)
    process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _why(error: Exception, timeout: float) -> str:
    """Why nothing was answered, without the address, which may hold a secret."""
    import urllib3

    match error:
        case urllib3.exceptions.NameResolutionError():
            return "the name of the server is not known"
        case urllib3.exceptions.ConnectTimeoutError():
            return "the server can't be reached in time"
        case urllib3.exceptions.NewConnectionError():
            return "the server refuses the connection"
        case urllib3.exceptions.TimeoutError():
            return f"no answer within {timeout:g} s"
        case urllib3.exceptions.SSLError():
            return f"no safe connection: {error}"
        case urllib3.exceptions.LocationValueError():
            return "the address is no address of a web server"
    return f"the connection broke off ({type(error).__name__})"
