"""Profiles of datasets: made when first asked for, kept by content; two versions compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from andon.base.document import UNSET, UnsetType, from_json
from andon.base.record import replace, values_of
from andon.engines.duckdb.failures import lost_file, query_error
from andon.engines.relation import TableRelation
from andon.model.profile import ALGORITHM, Profile
from andon.model.profile_diff import ProfileDiff, ProfileDiffDocument
from andon.model.version import paired
from andon.profiles.compare import compare
from andon.profiles.make import profile_table, profile_view
from andon.relations.relations import Relations
from andon.service.trust import TrustNote
from andon.workspace.masks import masked_columns
from andon.workspace.view import View

if TYPE_CHECKING:
    from andon.service.trust import Trust
    from andon.workspace.workspace import Workspace

#: What derived facts of this file are called.
KIND = f"profile:{ALGORITHM}"


class ToldProfile(Profile, kw_only=True):
    """A profile as people are given it.

    Attributes:
        notes: what is known of its dataset, the worst first.
    """

    notes: list[TrustNote] | UnsetType = UNSET


class ToldProfileDiffDocument(ProfileDiffDocument, kw_only=True):
    """What moved; `notes` where something is known of the dataset on the later side."""

    notes: list[TrustNote] | UnsetType = UNSET


class ToldProfileDiff(ProfileDiff):
    """What moved, as people are given it.

    Attributes:
        notes: what is known of the dataset on the later side, the worst first.
    """

    notes: tuple[TrustNote, ...] = ()

    def document(self) -> ToldProfileDiffDocument:
        """As in `profile --against --json`."""
        return ToldProfileDiffDocument(**values_of(super().document()), notes=list(self.notes) or UNSET)


class Profiles:
    """Profiles of one workspace's datasets."""

    def __init__(self, workspace: Workspace, trust: Callable[[], Trust]) -> None:
        self._workspace = workspace
        self._trust = trust
        self._lake = workspace.lake

    def profile(self, dataset: str, at: str | None = None) -> Profile:
        """What the values of a dataset look like, at the commit that `at` names (None: the head of the workspace's branch).

        Columns that are marked `pii`, in that commit or now, show counts only.

        Raises:
            UsageError: `lake.dataset_not_found`, `lake.ref_not_found`; `usage.query_failed` when a view fails.
            MachineError: `lake.corrupt` when a data file is gone.
        """
        view = View.at(self._workspace, at)
        version = view.leaf(dataset).version
        return self._of_version(
            dataset, version, masked_columns(self._workspace, view.commit).get(dataset, frozenset())
        )

    def known(self, dataset: str, at: str | None = None) -> Profile | None:
        """As `profile`, where that was made before; None where it would have to be made now. Raises as that."""
        view = View.at(self._workspace, at)
        version = view.leaf(dataset).version
        if self._workspace.facts.find(version, KIND) is None:
            return None
        return self.profile(dataset, at)

    def told(self, dataset: str, at: str | None = None) -> ToldProfile:
        """`profile`, with what is known of the dataset. Raises as that."""
        found, notes = self.profile(dataset, at), self._notes(dataset, at)
        return ToldProfile(**values_of(found), notes=notes or UNSET)

    def told_compare(self, dataset: str, at: str | None, against: str) -> ToldProfileDiff:
        """`compare`, with what is known of the dataset. Raises as that."""
        found = self.compare(dataset, at, against)
        return ToldProfileDiff(found.before, found.after, found.columns, tuple(self._notes(dataset, at)))

    def _notes(self, dataset: str, at: str | None) -> list[TrustNote]:
        return self._trust().notes(View.at(self._workspace, at).commit, [dataset], at, is_masked=True)

    def compare(self, dataset: str, at: str | None, against: str) -> ProfileDiff:
        """How the values of a dataset at `at` differ from those at `against`.

        Raises:
            UsageError: see `profile`.
        """
        before, after = self.profile(dataset, against), self.profile(dataset, at)
        versions = Relations(self._lake)
        pairs = paired(versions.version(before.version).columns, versions.version(after.version).columns)
        return compare(before, after, [(old.name, new.name) for old, new in pairs])

    def _of_version(self, dataset: str, version_id: str, masked: frozenset[str]) -> Profile:
        """The profile of a version, from the catalog if it was ever made; only counts of the columns in `masked` (lower case)."""
        kept = self._workspace.facts.find(version_id, KIND)
        if kept is not None:
            found = from_json(Profile, kept, stored=True)
            hidden = frozenset(c.name.lower() for c in found.columns if c.masked)
            if hidden < masked:  # marked since: its values are neither shown nor kept any longer
                found, hidden = self._keep(found.hiding(masked)), masked
            if hidden == masked:
                return replace(found, dataset=dataset)  # another of equal content may have been looked at first
        return replace(self._keep(self._make(dataset, version_id, masked)), dataset=dataset)

    def _make(self, dataset: str, version_id: str, masked: frozenset[str]) -> Profile:
        relations = Relations(self._lake)
        version = relations.version(version_id)
        relation = relations.relation(version_id)
        readers = self._workspace.readers
        try:
            if isinstance(relation, TableRelation):
                with readers.wide.reading() as lease:
                    return profile_table(lease.connection, version, relation.files, masked)
            with readers.narrow.reading(version_id) as lease:
                lease.ensure([dataset], lambda _: relation)
                return profile_view(lease.connection, version, lease.place(dataset), masked)
        except Exception as error:
            problem = lost_file(error, dataset) or query_error(error, f"from {dataset}")
            problem.where = dataset
            raise problem from error

    def _keep(self, profile: Profile) -> Profile:
        self._workspace.facts.keep({profile.version: profile.to_json()}, KIND)
        return profile
