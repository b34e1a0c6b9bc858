"""By which places of its code the result of a build may differ when it is made again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from andon.model.reproduction import OpenConstruct
from andon.runs.inspection.open_places import open_places, row_keys

if TYPE_CHECKING:
    from andon.lake.objects import Objects
    from andon.model.build import Build
    from andon.model.commit import State
    from andon.model.dataset import Definition
    from andon.model.lint import LintFinding


def recorded_places(objects: Objects, build: Build, definition: Definition, state: State) -> list[OpenConstruct]:
    """Those of a definition, silenced ones among them, as `recorded_findings` tells them; what its code is called where there are none."""
    return places_of(definition, recorded_findings(objects, build, definition, state))


def recorded_findings(objects: Objects, build: Build, definition: Definition, state: State) -> list[LintFinding]:
    """The open places of a definition, silenced ones among them, over the inputs and with the threads of a build.

    Args:
        state: of the commit that shows it; it says what tells the rows of inputs apart.
    """
    if definition.is_function:
        return []
    is_wide = (build.engine.get("threads") or 1) != 1
    versions = objects.versions(build.inputs.values())
    schemas = {name: versions[id].types for name, id in build.inputs.items() if id in versions}
    leaves = state.leaves
    read = objects.definitions(leaves[name].definition for name in definition.inputs if name in leaves)
    return open_places(
        definition, schemas, row_keys(read.values()), lambda _, sha: objects.text(sha).decode(), is_wide=is_wide
    )


def places_of(definition: Definition, found: Sequence[LintFinding]) -> list[OpenConstruct]:
    """What is told of the findings of a definition; of code of which nothing was found, where it stands and what that means."""
    if found or (definition.sql is not None and not definition.is_function):
        return [OpenConstruct(each.what, each.file, each.line, each.why, each.exact) for each in found]
    why = "nothing of what is looked for stands in its code: packages, and what a process of its own does, are not read"
    if definition.is_function:
        why = "its code is not read for this: chance, a clock and threads are what to look for"
    return [OpenConstruct(definition.function or definition.entry, definition.entry, None, why, None)]
