"""After a year of the sample project every version that was ever published comes out the same: here, when the raw folder holds something
else by now, and in a lake that was backed up and put back elsewhere.

CI lets two months go by without packages, with all that happens in a year; `ANDON_YEAR=12` lets twelve, with the model in Python.
"""

from __future__ import annotations

import os
from pathlib import Path

from andon.model.reproduction_sample import ReproductionSample
from andon.service.restoring import restore
from kit.clones import Clone
from kit.year import EVENTS, Calendar, live, spoil_raw_files

_YEAR = os.environ.get("ANDON_YEAR")


def all_again(clone: Clone) -> ReproductionSample:
    with clone.opened() as service:
        return service.reproduction_samples.sample()


def is_repeated(found: ReproductionSample) -> bool:
    assert [each for each in found.versions if not each.holds] == []
    return found.identical == found.of == len(found.versions)


def test_a_year_is_repeated_wherever_its_lake_is(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "shop", clock=Calendar())
    happened = [*live(clone, int(_YEAR or 2), python=_YEAR is not None)]
    assert set(happened) >= {event.__name__ for event in EVENTS}
    with clone.opened() as service:
        lake = service.workspace.lake
        proofs = [row[0] for row in lake.database.query("select id from build")]
        taken = [build.proof for build in lake.objects.builds(proofs).values() if build.proof is not None]
        assert taken, "some results were taken over, and must come out by their own recipe"
    if _YEAR is not None:
        assert is_repeated(all_again(clone))
    with clone.opened() as service:
        assert service.backups.make(str(tmp_path / "kept")).backup.whole
    again = Clone(tmp_path / "elsewhere" / "shop again", clock=clone.clock)
    restore(tmp_path / "kept", again.root, environ={"HOME": str(tmp_path)})
    spoil_raw_files(clone.root)
    spoil_raw_files(again.root)
    with again.opened() as service:
        assert service.verifying.verify(all=True).damaged == []
    assert is_repeated(all_again(again))
    if _YEAR is not None:
        assert is_repeated(all_again(clone))
