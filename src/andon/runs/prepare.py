"""Preparing a run: from a goal to a plan with all that executing it needs. Nothing is built or written.

The stages, each with what it adds: `gather` (merge folder and head, load the project, look at raw files) → `schemas` (contracts, columns of
changed code) → `steps` (pure) → `look` (which checks) → `outlook` (verdicts, reach: only where somebody looks).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from andon.base.hashing import content_id
from andon.base.paths import is_at
from andon.base.record import Record, field, replace
from andon.errors import Problem, ProjectError, UsageError
from andon.model.commit import Commit
from andon.model.cord import Cord
from andon.model.plan import Action, Plan, Step
from andon.model.quarantine import is_aside
from andon.model.release import Release, carried_on, digest_of
from andon.model.version import Columns
from andon.runs.goal import Goal, RunOptions
from andon.runs.growing.wishes import Wishes
from andon.runs.held_cords import cords_of, published_code
from andon.runs.inspection.look import Looked, look
from andon.runs.planning.bases import common_base
from andon.runs.planning.builders import ToldBuilders
from andon.runs.planning.changes import Changes
from andon.runs.planning.cords import held_back, held_notices
from andon.runs.planning.gather import BoundCode, Gathered, Gatherer, names_columns_anew
from andon.runs.planning.growing import PlannedGrowth
from andon.runs.planning.histories import continued, with_merged
from andon.runs.planning.merge_words import code_notices
from andon.runs.planning.merged_growth import MergedGrowth
from andon.runs.planning.raw_files import RawFiles
from andon.runs.planning.saved_queries import BoundQueries, bind_queries
from andon.runs.planning.selected import selected_of
from andon.runs.planning.settled import SettledTree
from andon.runs.planning.steps import Situation, datasets_taken, plan_steps
from andon.runs.planning.waiting import NOBODY, Waiting
from andon.runs.reviews import planned_waits
from andon.sources.files.scratch import described

if TYPE_CHECKING:
    from andon.model.build import Build
    from andon.model.dataset import Definition
    from andon.model.stake import Stake
    from andon.runs.planning.outlook import Outlook
    from andon.workspace.workspace import Workspace


#: Gives who waits for parts of a plan of that logical time.
Starting = Callable[[datetime], Waiting]


class Prepared(Record):
    """A plan with all that executing it needs.

    Attributes:
        bound: columns that changed code returns.
        moment: the logical time.
        forced: datasets that are built even where their key is known.
        shared: shared files of the next commit.
        checks: which checks must be looked at.
        wishes: what somebody asked of tables that grow.
        histories: by dataset the builds that histories go on from.
        releases: rows that checks do not set aside any more.
        queries: columns that saved queries return, of those that were looked at.
        cords: what people hold of the branch.
    """

    goal: Goal
    options: RunOptions
    gathered: Gathered
    plan: Plan
    bound: Mapping[str, Sequence[tuple[str, str]]]
    moment: datetime
    forced: frozenset[str]
    shared: Mapping[str, str]
    checks: Looked
    wishes: Wishes = Wishes()
    histories: Mapping[str, Build] = field(default_factory=dict)
    releases: tuple[Release, ...] = ()
    queries: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    cords: tuple[Cord, ...] = ()

    @property
    def head(self) -> Commit:
        """The commit that was planned over."""
        return self.gathered.head


def _unknown(steps: Sequence[Step], gathered: Gathered) -> Stake | None:
    """Nobody knows what is at stake."""
    del steps, gathered
    return None


def _untold(steps: Sequence[Step], gathered: Gathered, bound: Mapping[str, Columns]) -> tuple[Step, ...]:
    """Nobody knows whom they break."""
    del gathered, bound
    return tuple(steps)


class Preparer:
    """Prepares runs for one workspace.

    Args:
        at_stake: tells of steps what they cost and what rests on them; asked where somebody looks.
        broken: gives steps with whom they break; asked there, too.
    """

    def __init__(
        self,
        workspace: Workspace,
        outlook: Outlook,
        at_stake: Callable[[Sequence[Step], Gathered], Stake | None] = _unknown,
        broken: Callable[[Sequence[Step], Gathered, Mapping[str, Columns]], tuple[Step, ...]] = _untold,
    ) -> None:
        self._workspace = workspace
        self._lake = workspace.lake
        self._outlook = outlook
        self._at_stake = at_stake
        self._broken = broken
        self.raw = RawFiles(workspace.root, workspace.lake.storage, workspace.lake.intact)

    def prepare(
        self,
        goal: Goal,
        options: RunOptions,
        *,
        estimate: bool = False,
        steps_only: bool = False,
        ahead: Starting | None = None,
    ) -> Prepared:
        """The plan that leads to `goal`.

        Args:
            estimate: whether somebody looks at the plan: then it has times, verdicts and reach.
            steps_only: whether they look at what is done and why alone: then it has no more than that.
            ahead: begins with what is sure to be built while the rest is planned; None where it is not sure that the plan is wanted.

        Raises:
            ProjectError: with everything that is wrong in the merged code.
            ConflictError: `lake.folder_conflict`.
        """
        gatherer = Gatherer(self._workspace)
        head = self._lake.refs.head(goal.branch)
        side = goal.side(head, gatherer)
        gathered = gatherer.gather(
            head,
            side,
            goal.base(head, gatherer),
            drop=options.drop,
            lenient=True,
            reverts=goal.target is not None,
            decide=options.decide,
            lifted=goal.lifted,
            select=lambda project, state: selected_of(project, state, options, goal.files),
            correct=options.correct,
        )
        _require_decisions(gathered, options)
        self.require_sound(gathered)
        selected = selected_of(gathered.project, gathered.state, options, goal.files)
        taken = datasets_taken(gathered.definitions, gathered.state.leaves, selected)
        moment = options.now or self._workspace.clock()
        waiting = ahead(moment) if ahead is not None and selected is None else NOBODY
        try:
            bound = self.bind(replace(gathered, widen=frozenset(options.widen)), taken, waiting)
            queries = bind_queries(self._workspace, bound) if gathered.project.queries else BoundQueries({})
        except ProjectError as error:
            raise self.refused(gathered, taken, error.problems) from error
        return self._planned(goal, options, bound, queries, selected, taken, moment, estimate, steps_only)

    def bind(self, gathered: Gathered, taken: set[str], waiting: Waiting = NOBODY) -> BoundCode:
        """Contracts of new files and columns of the changed code of `taken`; nothing is loaded for it when there is neither.

        Args:
            waiting: who hears of them as soon as they are known.

        Raises:
            ProjectError: with every unknown column, function, or type error.
        """
        sources = [gathered.sources[d] for d in taken & gathered.sources.keys()]
        files = any(s.added or s.changed or s.removed or s.contract is None or s.load is not None for s in sources)
        if not files and taken.isdisjoint(gathered.changed) and not names_columns_anew(gathered, taken):
            return BoundCode(gathered, {})
        from andon.runs.planning.schemas import bind_changed

        return bind_changed(self._workspace, gathered, self.raw, taken, described, waiting)

    def folder(self, commit: Commit) -> Gathered:
        """The folder's code over what `commit` has of the caller's branch.

        Raises:
            ProjectError: as `require_sound`.
        """
        gatherer = Gatherer(self._workspace)
        base = common_base(self._workspace, self._workspace.branch())
        gathered = gatherer.gather(commit, gatherer.folder(), base, lenient=True)
        self.require_sound(gathered)
        return gathered

    def require_sound(self, gathered: Gathered) -> None:
        """Refuse code of which a file can't be read.

        Raises:
            ProjectError: with everything that is wrong, in other files and by a closer look too.
        """
        found = (*gathered.project.problems, *self._unpriced(gathered))
        if found:
            raise self.refused(gathered, set(gathered.definitions), found)

    def refused(self, gathered: Gathered, taken: set[str], found: Sequence[Problem]) -> ProjectError:
        """The error with all that is wrong with `taken`: the problems `found`, and what only a closer look tells."""
        from andon.runs.planning.survey import survey

        more = survey(self._workspace, gathered, self.raw, taken, described, found)
        return _told(ProjectError.of([*found, *more]), gathered)

    # -- parts

    def _unpriced(self, gathered: Gathered) -> Sequence[Problem]:
        """Budgets of money without a rate that they could be measured by."""
        said = gathered.project.datasets.values()
        limited = [(each.definition.entry, each.budget) for each in said if each.budget is not None]
        settings = self._workspace.settings
        if not limited and not settings.get("publish.budget"):
            return ()
        from andon.runs.inspection.budgets import unpriced_budgets
        from andon.workspace.rates import hourly_rate, publish_budget

        return unpriced_budgets(limited, publish_budget(settings), hourly_rate(settings))

    def _planned(
        self,
        goal: Goal,
        options: RunOptions,
        bound: BoundCode,
        queries: BoundQueries,
        selected: frozenset[str] | None,
        taken: set[str],
        moment: datetime,
        estimate: bool,
        steps_only: bool,
    ) -> Prepared:
        gathered, head = bound.gathered, bound.gathered.head
        old = self._replaced_definitions(gathered)
        changes = Changes(self._workspace, gathered, bound.columns, old, moment)
        lost: set[str] = set()
        histories = self._histories(goal, gathered)
        releases = self._releases(goal, gathered.head, taken)
        packs = frozenset(d for d in options.pack if not is_aside(d)) & taken & gathered.state.leaves.keys()
        known_changes = changes if options.proofs else None
        merged = MergedGrowth(self._lake, gathered.head, goal.merged)
        filling = replace(options, fill={**merged.filled(), **options.fill})
        growth = PlannedGrowth(self._workspace, bound, filling, taken, selected, known_changes, estimate=estimate)
        growth.require_fitting()
        forced = (
            frozenset(taken if selected is None else selected & taken)
            if options.force
            else growth.wishes.full | packs | (frozenset(options.anew) & taken)
        )
        cords = cords_of(self._workspace, goal)
        held = held_back(
            cords, gathered.definitions, published_code(self._lake.objects, gathered.state) if cords else {}
        )
        definitions, leaves = gathered.definitions, gathered.state.leaves
        settled = SettledTree(self._workspace, head, leaves, definitions)
        wanted = growth.wanted
        builders = ToldBuilders(self._workspace, gathered.definitions)
        situation = Situation(
            definitions=gathered.definitions,
            files=gathered.files,
            leaves=gathered.state.leaves,
            sources=gathered.sources,
            selected=selected,
            levels=gathered.project.levels,
            standing=settled.standing(gathered.differing, {*forced, *held, *packs, *wanted}),
            forced=forced,
            held=held,
            packs=packs,
            moment=moment,
            known=lambda keys: self._known(keys, lost),
            old=old,
            grown={**growth.builds, **merged.taken(growth.builds.keys())},
            wanted=wanted,
            how=growth.how,
            builder=builders,
            histories=histories,
            released=_released(releases, taken),
            released_before=_released(head.releases, taken),
            prove=(lambda d, changed, remade: growth.proof(d, changed) or changes.prove(d, changed, remade))
            if options.proofs
            else None,
        )
        planned = plan_steps(situation)
        settled.learn(planned)
        looks = estimate and not steps_only
        if looks:
            planned = self._timed(planned, growth.seconds)
        done = frozenset(s.dataset for s in planned)
        # of a side that changes only some files, all shared ones count
        is_whole = selected is None or goal.files is not None
        shared = gathered.shared if is_whole else _shared(gathered, done)
        looked = look(
            self._workspace, gathered, bound.columns, planned, moment, shared=None if selected is None else shared
        )
        if looked.problems or builders.problems:
            raise _told(ProjectError.of([*looked.problems, *builders.problems]), gathered)
        steps = looked.steps
        if looks:
            steps = self._broken(
                self._outlook.of_plan(steps, gathered, bound.columns, changes), gathered, bound.columns
            )
        is_change = any(s.code_changed for s in steps) or dict(shared) != dict(gathered.state.shared)
        failing = {d: e.message for d, e in sorted(gathered.failures.items()) if d in taken}
        failures = _will_fail({**failing, **builders.failures})
        notices = (
            *held_notices(cords, held),
            *failures,
            *gathered.notices,
            *queries.notices,
            *_left_behind(gathered, selected, done),
        )
        stake = self._at_stake(steps, gathered) if looks else None
        waits = planned_waits(self._workspace, goal, gathered.state, steps, gathered) if looks and is_change else ()
        plan = Plan(head.id, goal.branch, steps, is_change, notices, stake=stake, approvals=waits)
        return Prepared(
            goal=goal,
            options=options,
            gathered=gathered,
            plan=replace(plan, digest=_digest(plan, gathered, done)) if is_change else plan,
            bound=bound.columns,
            queries=queries.columns,
            moment=moment,
            forced=situation.forced | {s.dataset for s in steps if s.key in lost},
            shared=shared,
            checks=looked,
            wishes=replace(growth.wishes, pack=packs),
            histories=histories,
            releases=releases,
            cords=cords,
        )

    def _timed(self, steps: tuple[Step, ...], whole: Mapping[str, float]) -> tuple[Step, ...]:
        """Steps that build, with the seconds that they are expected to take: by the newest build of each, or as `whole` tables take."""
        built = [step.dataset for step in steps if step.action is Action.BUILD]
        if not built:
            return steps
        seconds = {**self._lake.objects.seconds_by_dataset(built), **whole}
        return tuple(
            replace(s, seconds=seconds.get(s.dataset)) if s.action is Action.BUILD and not is_aside(s.dataset) else s
            for s in steps
        )

    def _releases(self, goal: Goal, head: Commit, taken: set[str]) -> tuple[Release, ...]:
        """Rows that checks do not set aside any more: those of the head, with what the goal and what is merged add or withdraw."""
        added, withdrawn = goal.releases, goal.withdrawn
        if goal.merged is not None and (goal.merged.releases or head.releases):
            common = self._lake.commits.merge_base(head, goal.merged)
            before = common.releases if common is not None else ()
            added = (*added, *(r for r in goal.merged.releases if r not in before and r.dataset in taken))
            withdrawn = (*withdrawn, *(r for r in before if r not in goal.merged.releases and r.dataset in taken))
        return carried_on(head.releases, added, withdrawn)

    def _histories(self, goal: Goal, gathered: Gathered) -> Mapping[str, Build]:
        """By dataset the builds that histories go on from."""
        head, commits = gathered.state.histories, self._lake.commits
        gone = {d: leaf for d, leaf in head.items() if d not in gathered.definitions}
        known = self._lake.objects.definitions([leaf.definition for leaf in gone.values()]) if gone else {}
        renamed = {d: known[leaf.definition] for d, leaf in gone.items() if leaf.definition in known}
        leaves = continued(gathered.definitions, head, renamed)
        if goal.merged is not None:
            common = commits.merge_base(gathered.head, goal.merged)
            parted = commits.state(common).leaves if common is not None else {}
            merged = commits.state(goal.merged).histories
            leaves = with_merged(leaves, gathered.state.leaves, merged, parted)
        builds = self._lake.objects.builds(leaf.build for leaf in leaves.values())
        return {dataset: builds[leaf.build] for dataset, leaf in leaves.items()}

    def _replaced_definitions(self, gathered: Gathered) -> Mapping[str, Definition]:
        """Definitions of the head's leaves that differ from the code's, by id."""
        leaves = gathered.state.leaves
        return self._lake.objects.definitions([leaves[d].definition for d in gathered.changed if d in leaves])

    def _known(self, keys: Iterable[str], lost: set[str]) -> Mapping[str, Build]:
        """Current builds by recipe key; `lost` takes the keys of those whose data files are not there: they must be built again."""
        builds = self._lake.objects.builds_by_key(keys)
        versions = self._lake.objects.versions({build.version for build in builds.values()})
        lost.update(
            key
            for key, build in builds.items()
            if build.version not in versions or self._lake.objects.is_lost(versions[build.version])
        )
        return {key: build for key, build in builds.items() if key not in lost}


def _will_fail(failures: Mapping[str, str]) -> list[str]:
    """A line for each reason, with those that fail for it: all that read one database fail when it is down."""
    names: dict[str, list[str]] = {}
    for dataset, message in failures.items():
        names.setdefault(message, []).append(dataset)
    return [f"{', '.join(each)} will fail: {message}" for message, each in names.items()]


def _require_decisions(gathered: Gathered, options: RunOptions) -> None:
    """Refuse a decision about what needs none.

    Raises:
        UsageError: `usage.bad_argument`.
    """
    for option, places in (("--mine", options.mine), ("--theirs", options.theirs)):
        for place in places:
            if not any(is_at(path, place) for path in gathered.decided):
                raise UsageError(
                    "usage.bad_argument",
                    f"nothing is to be decided at `{place}`: no file there was changed on both sides",
                    where=place,
                    hint=f"leave `{option} {place}` out; `andon plan` shows what a run would do",
                )


def _digest(plan: Plan, gathered: Gathered, done: frozenset[str]) -> str:
    """Id of a plan's steps and of the code that they take: the files that differ from the head's."""
    now, head = gathered.code.files, gathered.state.files()
    own = {
        path
        for d in gathered.state.leaves.keys() | gathered.files.keys()
        if d not in done
        for path in _own(gathered, d)
    }
    code = sorted(
        (path, now.get(path))
        for path in now.keys() | head.keys()
        if now.get(path) != head.get(path) and path not in own
    )
    return content_id(["plan", plan.branch, sorted((s.dataset, str(s.action)) for s in plan.works), code])


def _own(gathered: Gathered, dataset: str) -> list[str]:
    """The own files of a dataset, in the code and in the head."""
    leaf = gathered.state.leaves.get(dataset)
    return [path for path, _ in (*gathered.files.get(dataset, ()), *(leaf.files if leaf is not None else ()))]


def _told(error: ProjectError, gathered: Gathered) -> ProjectError:
    """`error` with a hint where the code is not the folder's alone: what is missing may be what an undo keeps out."""
    notices = code_notices(gathered.code, is_folder=gathered.side.is_folder)
    return replace(error, hint="; ".join(notices)) if notices else error


def _shared(gathered: Gathered, done: frozenset[str]) -> Mapping[str, str]:
    """The shared files of the next commit with a selection: only those that its definitions use are taken."""
    used = {p for d in done if d in gathered.definitions for p, _ in gathered.definitions[d].files}
    result = dict(gathered.state.shared)
    for path in used & gathered.shared.keys():
        result[path] = gathered.shared[path]
    return result


def _left_behind(gathered: Gathered, selected: frozenset[str] | None, done: frozenset[str]) -> list[str]:
    if selected is None:
        return []
    behind = sorted(
        d
        for d, definition in gathered.definitions.items()
        if d not in done and d in gathered.state.leaves and done.intersection(definition.inputs)
    )
    return [f"not selected, and left behind: {', '.join(behind)}"] if behind else []


def _released(releases: Iterable[Release], taken: set[str]) -> dict[str, str]:
    """By dataset which rows are in it although a check would set them aside."""
    return {
        release.dataset: str(digest_of(releases, release.dataset)) for release in releases if release.dataset in taken
    }
