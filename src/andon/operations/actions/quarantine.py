"""Set aside the rows that fail checks of rows, within a limit, and let the rest go on. No check is edited: its line is read as if it ended
so, for this dataset, until its code means something else. With more bad rows than that it holds as before."""

from __future__ import annotations

from andon.checks.language.parse import parse_check
from andon.model.action import ActionKind
from andon.model.correction import RowCorrection
from andon.model.dataset import CheckLine, Dataset
from andon.model.quarantine import sets_aside
from andon.operations.actions.action import Done, Hands, IncidentScene, told
from andon.project.link.corrections import why_not_aside, with_limit
from andon.runs.goal import RunOptions
from andon.settings.project_tables import patterns_of
from andon.sql.macros import macro_name

#: At most this part of the rows is set aside, where nobody says another one.
SHARE = 0.001


class BadRowsAside:
    """See the module."""

    kind = ActionKind.QUARANTINE

    def unfit(self, scene: IncidentScene) -> str | None:
        """Only where all that failed are checks that tell rows by themselves, of what can be parted in its write."""
        said = scene.view.project.datasets.get(scene.dataset)
        if said is None:
            return f"`{scene.dataset or 'the lake'}` is no dataset"
        failed = [s for s in scene.situation.aims if s.dataset == scene.dataset]
        if not failed or any("check" not in signal.details for signal in failed):
            return "what is wrong is no check of rows"
        macros = [macro_name(text)[0] for _, text in scene.view.project.macros]
        for signal in failed:
            line = self._line(scene, said, signal.subject)
            if line is None:
                return f"`{signal.details['check']}` does not tell by the row alone whether it is bad"
            why = why_not_aside(said, line, macros)
            if why is not None:
                return why
        return None

    def do(self, scene: IncidentScene, hands: Hands) -> Done:
        """Make it with the bad rows beside it, and what reads it."""
        said = scene.view.project.datasets[scene.dataset]
        limit = f"{100 * (SHARE if scene.share is None else scene.share):g}%"
        lines = [self._line(scene, said, signal.subject) for signal in scene.situation.aims]
        aside = tuple((line.text, limit) for line in lines if line is not None)
        options = RunOptions(select=(f"{scene.dataset}+",), correct={scene.dataset: RowCorrection(aside=aside)})
        return told(hands.refresh(options))

    def _line(self, scene: IncidentScene, said: Dataset, check: str) -> CheckLine | None:
        """The line that states a check, where rows can be set aside by it, or are already."""
        for line in said.checks:
            found = self._read(scene, said, line, line.text)
            if found == check:
                is_fit = sets_aside(line.text) or self._read(scene, said, line, with_limit(line.text, "1%")) is not None
                return line if is_fit else None
        return None

    def _read(self, scene: IncidentScene, said: Dataset, line: CheckLine, text: str) -> str | None:
        leaf = scene.view.state.leaves.get(scene.dataset)
        version = scene.view.workspace.lake.objects.versions([leaf.version]) if leaf is not None else {}
        columns = next((each.types for each in version.values()), None)
        found = parse_check(
            text,
            dataset=said.name,
            columns=columns,
            key=said.definition.key,
            for_column=line.for_column,
            patterns=tuple(patterns_of(scene.view.project.settings)),
        )
        return getattr(found, "id", None)
