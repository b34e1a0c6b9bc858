"""The entry point of the program `andon`. The commands' table answers `--help`; all else is for `app`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from andon.cli.overview import EXIT_STOPPED, overview
from andon.version import __version__

#: After so many new objects it is looked for rings among them; a project of hundreds of datasets has fewer.
_ONE_LOOK = 200_000


def main() -> NoReturn:
    """Run the command line with the process's arguments and leave with its exit status."""
    arguments = sys.argv[1:]
    if arguments in ([], ["--help"], ["-h"]) and "_ANDON_COMPLETE" not in os.environ:
        # Most of the start-up time is the parser's; the overview needs none.
        sys.stdout.write(overview())
        sys.exit(0)
    if arguments == ["--version"]:
        sys.stdout.write(f"andon {__version__}\n")
        sys.exit(0)
    # One command makes many facts and few rings: with the default it would look through all of them again and again.
    gc.set_threshold(_ONE_LOOK, 20, 100)
    stop_on_terminate()
    try:
        from andon.cli.app import cli

        status = cli.main(arguments, prog_name="andon", standalone_mode=False)
    except KeyboardInterrupt:  # before or after the command itself, which has its own way to stop
        sys.stderr.write("stopped\n")
        status = EXIT_STOPPED
    if status == EXIT_STOPPED:
        # The engine may still compute in a thread that nobody waits for; taking it down in an orderly way would wait.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    _leave(status)


def _leave(status: object) -> NoReturn:
    """End the process. What is to be done at its end is done; then nothing is taken apart that goes with it anyway, which takes as long as
    a tenth of a small command."""
    import atexit  # here, since `andon --help` needs neither
    import threading

    waited_for = [each for each in threading.enumerate() if each is not threading.main_thread() and not each.daemon]
    if not waited_for and (status is None or isinstance(status, int)):
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):  # whoever read it is gone: Python's own end says so
            sys.exit(status)
        atexit._run_exitfuncs()
        os._exit(status or 0)
    gc.freeze()  # nothing is gained by looking through all that there is for rings
    sys.exit(status)  # type: ignore[arg-type]


def stop_on_terminate() -> None:
    """Let a request to terminate stop the command as Ctrl-C does: children end, nothing is half published."""

    def stop(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


if __name__ == "__main__":
    main()
