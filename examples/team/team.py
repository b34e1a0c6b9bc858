"""A team's servers on this machine, to try `docs/how-to/from-a-laptop-to-a-team.md` with: Postgres, S3 and Spark Connect.

    python examples/team/team.py demo     # start them, type the page, stop them
    python examples/team/team.py serve    # start them, say what to set, stop them with Ctrl-C or `kill`

Postgres comes by the system's packages (on Debian `apt install postgresql`), the others by pip. What they hold goes when they stop.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "from-a-laptop-to-a-team.md"
BUCKET = "shop-lake"
sys.path.insert(0, str(ROOT / "examples"))

from servers import object_store, postgres, postgres_programs, spark_connect  # noqa: E402 it lies beside this folder


def main() -> int:
    """Do what the first argument says."""
    what = sys.argv[1] if len(sys.argv) > 1 else "demo"
    if what not in ("demo", "serve"):
        print(__doc__)
        return 2
    programs = postgres_programs()
    if programs is None:
        print("Postgres is not installed here; on Debian: apt install postgresql", file=sys.stderr)
        return 1
    with servers(programs) as environ:
        if what == "serve":
            print("the servers are there; in another terminal:\n")
            print("\n".join(f"  export {name}='{value}'" for name, value in environ.items()))
            print(f"\nthen type {PAGE.relative_to(ROOT)}; Ctrl-C stops them", flush=True)
            with suppress(KeyboardInterrupt):
                while True:
                    time.sleep(60)
            return 0
        return demo(environ)


@contextmanager
def servers(programs: Path) -> Iterator[dict[str, str]]:
    """The servers, and the variables by which a project finds them.

    Args:
        programs: the folder of those of Postgres.
    """
    with postgres(programs, "lakes") as database, object_store(BUCKET) as s3:
        with spark_connect({**s3, "AWS_ENDPOINT": s3["AWS_ENDPOINT_URL"], "AWS_ALLOW_HTTP": "true"}) as spark:
            yield {"LAKE_CATALOG": f"{database.address}?schema=shop", **s3, "SPARK_REMOTE": spark}


def demo(environ: dict[str, str], page: Path = PAGE) -> int:
    """Type what a page says, and show it; 1 where something else comes out than it shows."""
    sessions = _sessions()
    with tempfile.TemporaryDirectory(prefix="team-") as folder:
        session = sessions.Session(page, Path(folder), told=lambda line: print(line, flush=True))
        session.environ.update(environ)
        try:
            session.run(update="--update" in sys.argv)
        except sessions.Difference as difference:
            print(f"\n{difference}", file=sys.stderr)
            return 1
        finally:
            session.close()
    return 0


def _sessions() -> ModuleType:
    """What types pages."""
    spec = importlib.util.spec_from_file_location("sessions", ROOT / "docs" / "sessions.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["sessions"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # what it started ends by `kill` as by Ctrl-C
    sys.exit(main())
