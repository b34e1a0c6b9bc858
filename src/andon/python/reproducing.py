"""Past versions built again, and lakes read whole, from Python."""

from __future__ import annotations

from andon.base.document import from_json
from andon.model.repair import LakeRepair
from andon.model.reproduction import Reproduction, ReproductionDocument
from andon.model.verification import Verification
from andon.python.acting import ActingLake
from andon.python.remote_acting import RemoteActing


class ReproducingLake(ActingLake):
    """The part of a lake that builds past versions again."""

    def reproduce(self, dataset: str, at: str | None = None, *, deep: bool = False) -> Reproduction:
        """Build the version that a dataset has at a commit again, apart from the lake, and compare the two.

        Args:
            dataset: `schema.name`, or `schema.name@REF`.
            at: the commit; without it what this lake reads.
            deep: build again what it is made of, too, down to raw files and kept loads.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`.
            AndonError: where it can't be built any more.
        """
        return self._service.reproducing.reproduce(dataset, at or self._ref, deep=deep)

    def verify(self, at: str | None = None, *, all: bool = False) -> Verification:
        """Read every file and object of a commit, whatever is known of them, and compare each with its hash.

        Args:
            at: the commit; without it what this lake reads.
            all: instead every commit that a branch, a tag or a run reaches.

        Raises:
            UsageError: `lake.ref_not_found`, `usage.bad_argument`.
        """
        return self._service.verifying.verify(at if all else at or self._ref, all=all)

    def repair(self) -> LakeRepair:
        """Read all that branches, tags and runs reach, and mend what is damaged: only with, byte for byte, what was written."""
        return self._service.repairing.repair()


class RemoteReproducing(RemoteActing):
    """The part of a served lake that builds past versions again; verbs and arguments as in `ReproducingLake`."""

    def reproduce(self, dataset: str, at: str | None = None, *, deep: bool = False) -> ReproductionDocument:
        """Build the version that a dataset has at a commit again, apart from the lake, and compare the two."""
        body = {"dataset": dataset, "at": at or self._ref, "deep": deep}
        return from_json(ReproductionDocument, self._link.post("/reproductions", body))

    def verify(self, at: str | None = None, *, all: bool = False) -> Verification:
        """Read every file and object of a commit, and compare each with its hash."""
        body = {"at": at if all else at or self._ref, "all": all}
        return from_json(Verification, self._link.post("/verifications", body))

    def repair(self) -> LakeRepair:
        """Read all that branches, tags and runs reach, and mend what is damaged."""
        return from_json(LakeRepair, self._link.post("/repairs", {}))
