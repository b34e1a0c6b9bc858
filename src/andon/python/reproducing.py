"""Past versions built again, and lakes read whole, from Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile

from andon.base.document import from_json
from andon.engines.bundle.edits import edits_of, told_of
from andon.engines.bundle.zipped import unzipped
from andon.model.backup import BackupList, BackupMade, LakeRestored
from andon.model.collection import Collection
from andon.model.event import Reporter, silent
from andon.model.isolation import PackedFolder
from andon.model.lint import LintDocument
from andon.model.repair import LakeRepair
from andon.model.reproduction import Reproduction, ReproductionDocument
from andon.model.reproduction_sample import ReproductionSample
from andon.model.verification import Verification
from andon.python.acting import ActingLake
from andon.python.remote_acting import RemoteActing
from andon.python.server_link import Hears
from andon.runs.goal import ANY_PLAN, Listener, RunOptions
from andon.service.isolating import PREFIX, IsolateOptions
from andon.service.isolation_apply import Applied, AppliedDocument
from andon.service.proofs import ProofsDocument
from andon.service.reproduction_samples import SampleOptions
from andon.service.stage_tests import StageTest


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

    def reproduce_sample(
        self,
        *datasets: str,
        sample: int | None = None,
        since: str | None = None,
        at: str | None = None,
        seed: int | None = None,
        deep: bool = False,
        report: Reporter = silent,
    ) -> ReproductionSample:
        """Build past versions again: builds that a history ever showed, all of them or some that are drawn.

        Args:
            datasets: names or patterns, `marts.*`; all without any.
            sample: how many are drawn, spread over datasets and time; all without it.
            since: those that came after a commit, or since a moment, `2026-11-01`, or a time ago, `30d`.
            at: whose history it is; without it of what this lake reads.
            seed: of the draw; one is chosen and told without it.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`, `usage.bad_argument`.
        """
        options = SampleOptions(sample, since, at or self._ref, seed, deep)
        return self._service.reproduction_samples.sample(datasets, options, Listener(report))

    def proofs(self, *datasets: str) -> ProofsDocument:
        """Past versions that were built again, the newest first, how many are repeated, and when the lake was read whole.

        Args:
            datasets: names or patterns, `marts.*`; all without any.
        """
        return self._service.proofs.show(datasets)

    def isolate(
        self,
        dataset: str,
        folder: str | Path | None = None,
        *,
        at: str | None = None,
        sample: int | None = None,
        where: str | None = None,
        mask: bool = False,
        offline: bool = False,
        run: int | None = None,
    ) -> PackedFolder:
        """Pack a version into one folder with all that it is made of, which makes it again without Andon.

        Args:
            dataset: `schema.name`, or `schema.name@REF`; `analyses/NAME@N`, or the newest run of `analyses/NAME`.
            folder: where it goes, with nothing in it; without it one of its own in the folder that the process works in.
            at: the commit; without it what this lake reads.
            sample: so many rows of each input at most.
            where: the rows that meet this condition, of the inputs that have its columns.
            mask: put other values in the place of those of personal columns.
            offline: pack the packages, too.
            run: the stage of a run, also of one that was held or failed.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`, `usage.exists`, `usage.bad_argument`.
            AndonError: where it can't be packed.
        """
        options = IsolateOptions(sample, where, mask, offline, run)
        at = at or (self._ref if run is None and _is_open(dataset) else None)
        return self._service.isolating.isolate(dataset, Path(folder) if folder is not None else None, options, at)

    def isolate_test(
        self,
        dataset: str,
        *,
        at: str | None = None,
        sample: int | None = None,
        where: str | None = None,
        write: bool = False,
    ) -> StageTest:
        """A unit test of a version: a few rows of its inputs, and what its code makes of them; personal columns have other values.

        Args:
            dataset, at, sample, where: as in `isolate`; without `sample` and `where` ten rows of each input.
            write: put it into the folder, in `tests/`.

        Raises:
            UsageError, DatasetError: as `isolate`.
        """
        options, at = IsolateOptions(sample, where), at or (self._ref if "@" not in dataset else None)
        return self._service.stage_tests.make(dataset, options, at, write=write)

    def apply_isolated(
        self, folder: str | Path, *, branch: str | None = None, message: str | None = None, publish: bool = True
    ) -> Applied:
        """Bring the code that was edited in a packed folder back, onto a branch.

        Args:
            branch: without it `isolate/DATASET`, which begins at main.
            publish: False tells only what it would come to.

        Raises:
            UsageError: `isolate.no_folder`.
            ConflictError: `isolate.moved_on`.
            ProjectError: what is wrong with it.
        """
        edits, options = edits_of(Path(folder)), RunOptions(branch=branch, message=message, agreed=ANY_PLAN)
        desk = self._service.isolation_apply
        return desk.apply(edits, options) if publish else desk.look(edits, options)

    def lint(self, *select: str, exclude: Sequence[str] = (), all: bool = False) -> LintDocument:
        """Places of the folder's code by which two runs over the same inputs may differ, each with the form that is exact.

        Args:
            select: terms of a selection of datasets; none means all.
            exclude: terms of what is left out.
            all: also what `-- exact: REASON` silences.

        Raises:
            ProjectError: the project is wrong.
            ConflictError, UsageError, MachineError: as `plan`.
        """
        return self._service.linting.lint(select, exclude, silenced=all)

    def verify(self, at: str | None = None, *, all: bool = False) -> Verification:
        """Read every file and object of a commit, whatever is known of them, and compare each with its hash.

        Args:
            at: the commit; without it what this lake reads.
            all: instead every commit that a branch, a tag or a run reaches.

        Raises:
            UsageError: `lake.ref_not_found`, `usage.bad_argument`.
        """
        return self._service.verifying.verify(at if all else at or self._ref, all=all)

    def repair(self, *datasets: str, at: str | None = None) -> LakeRepair:
        """Read all that branches, tags and runs reach, and mend what is damaged: only with, byte for byte, what was written.

        Args:
            datasets: `schema.name`, or `schema.name@REF`: only what these read is mended, be it damaged or gone.
            at: the commit of those that name none; without datasets all of it.

        Raises:
            UsageError: `lake.ref_not_found`, `lake.dataset_not_found`.
            ConflictError: `lake.busy`.
        """
        return self._service.repairing.repair(datasets, at)

    def gc(self, *, apply: bool = False) -> Collection:
        """Data of past versions that nothing needs any more.

        Args:
            apply: mark them, and delete what was marked a grace ago; without it nothing is changed.

        Raises:
            ConflictError: `lake.busy`.
            MachineError: where it can't be known what is needed.
        """
        return self._service.collecting.collect(apply=apply)

    def backup(self, folder: str | Path | None = None, *, deep: bool = False) -> BackupMade:
        """Copy the lake as it is at this moment to a folder: only what is new there, each file compared with its hash.

        Args:
            folder: without it the setting `backup.folder`; a relative one is of the project.
            deep: also read what is there already, and copy again what is damaged.

        Raises:
            UsageError: `usage.bad_argument`, `backup.none`.
            MachineError: it can't be written there.
        """
        return self._service.backups.make(str(folder) if folder is not None else None, deep=deep)

    def backups(self, folder: str | Path | None = None) -> BackupList:
        """The backups in a folder, the newest first. Arguments and errors are those of `backup`."""
        return self._service.backups.list(str(folder) if folder is not None else None)


def restore(
    folder: str | Path,
    into: str | Path,
    at: str | None = None,
    *,
    partly: bool = False,
    keep_tokens: bool = False,
) -> LakeRestored:
    """Put the lake of a backup back: into a folder that is empty or not there, or into a project without a lake.

    Args:
        folder: of backups.
        at: which one: an id or the beginning of one, or a moment, by which the newest until then is meant; None is the newest.
        partly: all but what the backup lacks, where it is damaged.
        keep_tokens: let the tokens go on to be good by which a server knew people.

    Raises:
        UsageError: `backup.none`; `usage.exists` where there is a lake, or something else.
        DamagedError: `backup.damaged`; nothing is left of what was put back.
        MachineError: it can't be written there.
    """
    from andon.service.restoring import RestoreOptions
    from andon.service.restoring import restore as put_back

    return put_back(Path(folder).resolve(), Path(into).resolve(), RestoreOptions(at, partly, keep_tokens))


class RemoteReproducing(RemoteActing):
    """The part of a served lake that builds past versions again; verbs and arguments as in `ReproducingLake`."""

    def reproduce(self, dataset: str, at: str | None = None, *, deep: bool = False) -> ReproductionDocument:
        """Build the version that a dataset has at a commit again, apart from the lake, and compare the two."""
        body = {"dataset": dataset, "at": at or self._ref, "deep": deep}
        return from_json(ReproductionDocument, self._link.post("/reproductions", body))

    def reproduce_sample(
        self,
        *datasets: str,
        sample: int | None = None,
        since: str | None = None,
        at: str | None = None,
        seed: int | None = None,
        deep: bool = False,
        report: Hears | None = None,
    ) -> ReproductionSample:
        """Build past versions again: builds that a history ever showed, all of them or some that are drawn."""
        body = {
            "datasets": datasets,
            "sample": sample,
            "since": since,
            "at": at or self._ref,
            "seed": seed,
            "deep": deep,
        }
        return self._told("/reproductions/samples", body, report, ReproductionSample)

    def proofs(self, *datasets: str) -> ProofsDocument:
        """Past versions that were built again, the newest first, and how many are repeated."""
        return from_json(ProofsDocument, self._link.get("/reproductions", datasets=list(datasets)))

    def isolate(
        self,
        dataset: str,
        folder: str | Path | None = None,
        *,
        at: str | None = None,
        sample: int | None = None,
        where: str | None = None,
        mask: bool = False,
        offline: bool = False,
        run: int | None = None,
    ) -> PackedFolder:
        """Pack a version into one folder with all that it is made of, on this machine."""
        target = Path(folder) if folder is not None else Path(PurePosixPath(dataset.partition("@")[0]).name)
        at = at or (self._ref if run is None and _is_open(dataset) else None)
        body = {"dataset": dataset, "at": at, "sample": sample, "where": where, "mask": mask, "offline": offline}
        with TemporaryFile() as archive:
            self._link.file("/isolations", {**body, "run": run}, archive)
            archive.seek(0)
            unzipped(archive, target.absolute())
        return told_of(target.absolute())

    def isolate_test(
        self, dataset: str, *, at: str | None = None, sample: int | None = None, where: str | None = None
    ) -> StageTest:
        """A unit test of a version as a text; nothing is written."""
        at = at or (self._ref if "@" not in dataset else None)
        body = {"dataset": dataset, "at": at, "sample": sample, "where": where}
        return from_json(StageTest, self._link.post("/isolations/tests", body))

    def apply_isolated(
        self, folder: str | Path, *, branch: str | None = None, message: str | None = None, publish: bool = True
    ) -> AppliedDocument:
        """Bring the code that was edited in a packed folder of this machine back, onto a branch."""
        edits = edits_of(Path(folder))
        body = {"dataset": edits.dataset, "commit": edits.commit, "packed": edits.packed, "files": edits.files}
        asked = {**body, "branch": branch, "message": message, "agreed": ANY_PLAN, "look": not publish}
        return from_json(AppliedDocument, self._link.post("/isolations/edits", asked))

    def lint(self, *select: str, exclude: Sequence[str] = (), all: bool = False) -> LintDocument:
        """Places of the SQL of the server's folder by which two runs over the same inputs may differ."""
        asked = {"select": list(select), "exclude": list(exclude), "all": all}
        return from_json(LintDocument, self._link.get("/lint", **asked))

    def verify(self, at: str | None = None, *, all: bool = False) -> Verification:
        """Read every file and object of a commit, and compare each with its hash."""
        body = {"at": at if all else at or self._ref, "all": all}
        return from_json(Verification, self._link.post("/verifications", body))

    def repair(self, *datasets: str, at: str | None = None) -> LakeRepair:
        """Read all that branches, tags and runs reach, and mend what is damaged; or only what some datasets read."""
        return from_json(LakeRepair, self._link.post("/repairs", {"datasets": list(datasets), "at": at}))

    def gc(self, *, apply: bool = False) -> Collection:
        """Data of past versions that nothing needs any more; with `apply` they are taken away."""
        return from_json(Collection, self._link.post("/collections", {"apply": apply}))

    def backup(self, *, deep: bool = False) -> BackupMade:
        """Copy the lake to the folder of `[backup]` in the server's `andon.toml`."""
        return from_json(BackupMade, self._link.post("/backups", {"deep": deep}))

    def backups(self) -> BackupList:
        """The backups in that folder, the newest first."""
        return from_json(BackupList, self._link.get("/backups"))


def _is_open(name: str) -> bool:
    """Whether a name leaves open of which commit: analyses are packed by the number of a run."""
    return "@" not in name and not name.startswith(PREFIX)
