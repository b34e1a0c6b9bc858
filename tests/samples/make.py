"""Make the sample of this release: `python tests/samples/make.py 0.1`. One that is there is never made again."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from kit.past_lakes import SAMPLES, make, pack

if __name__ == "__main__":
    name = sys.argv[1]
    if (SAMPLES / f"{name}.json").exists():
        sys.exit(f"{name} is there: what a release wrote is kept as it was")
    with tempfile.TemporaryDirectory() as place:
        pack(make(Path(place) / "shop").root, name)
