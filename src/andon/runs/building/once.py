"""Equal rows taken once: of a result that is written already, so that they are counted, and nothing is left out beyond a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from andon.base.names import quote_name
from andon.base.record import replace
from andon.base.text import plural
from andon.runs.building.packing import packed_recipe
from andon.runs.building.writing import FilePart

if TYPE_CHECKING:
    from andon.model.build import Build
    from andon.model.dataset import Definition
    from andon.runs.building.job import Job
    from andon.runs.building.writing import Made, Writer


class Once:
    """Takes equal rows once in the results of one job."""

    def __init__(self, job: Job, writer: Writer) -> None:
        self._job = job
        self._writer = writer

    def taken(self, definition: Definition, make: Build, made: Made) -> Made:
        """A result in which each row is once, where that is how its dataset is corrected; the result as it is where nothing is equal, or
        more rows would be left out than may: then checks say so.

        Raises:
            AndonError: as `Engine.run`; then no new file is left.
        """
        share = definition.corrected.once if definition.corrected is not None else None
        rows = made.version.rows or 0
        if share is None or not rows or made.version.is_view:
            return made
        recipe = packed_recipe(self._job, definition, made.version.files)
        recipe = replace(recipe, sql=f"select distinct * from {quote_name(definition.dataset)}")
        size = sum(file.size for file in made.version.files)
        try:
            once = self._writer.write(definition, make, [FilePart(recipe, size, made.version.files)])
        except BaseException:
            self._writer.drop(made)
            raise
        left_out = rows - (once.version.rows or 0)
        if left_out == 0 or left_out > share * rows:
            self._writer.drop(once)
            note = f"{plural(left_out, 'equal row')} stay: at most {share:.1%} may be left out"
            return made if left_out == 0 else replace(made, note=note)
        self._writer.drop(made)
        return replace(once, note=f"{plural(left_out, 'equal row')} left out")
