"""Make the sample of this release: `python tests/samples/make.py 0.1`. One that is there is never made again."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1]))

from andon.workspace import machine
from kit.past_lakes import SAMPLES, make, pack

#: What a sample says of where it was made.
NOWHERE = os.uname_result(("Linux", "there", "6.1", "1", "x86_64"))

if __name__ == "__main__":
    name = sys.argv[1]
    if (SAMPLES / f"{name}.json").exists():
        sys.exit(f"{name} is there: what a release wrote is kept as it was")
    with (
        tempfile.TemporaryDirectory() as place,
        patch.object(os, "uname", lambda: NOWHERE),
        patch.object(machine, "_user", lambda: "ana"),
        patch.object(machine, "_processor", lambda: "a processor"),
        patch.object(platform, "node", lambda: "there"),
    ):
        pack(make(Path(place) / "shop").root, name)
