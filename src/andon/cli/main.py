"""The entry point of the program `andon`. The commands' table answers `--help`; all else is for `app`."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from andon.cli.commands import overview
from andon.version import __version__


def main() -> NoReturn:
    """Run the command line with the process's arguments and leave with its exit status."""
    arguments = sys.argv[1:]
    if arguments in ([], ["--help"], ["-h"]):
        # Most of the start-up time is the parser's; the overview needs none.
        sys.stdout.write(overview())
        sys.exit(0)
    if arguments == ["--version"]:
        sys.stdout.write(f"andon {__version__}\n")
        sys.exit(0)
    from andon.cli.app import EXIT_STOPPED, cli, stop_on_terminate

    stop_on_terminate()
    status = cli.main(arguments, prog_name="andon", standalone_mode=False)
    if status == EXIT_STOPPED:
        # The engine may still compute in a thread that nobody waits for; taking it down in an orderly way would wait.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    main()
