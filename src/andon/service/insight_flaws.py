"""What makes datasets less reliable to rest on: troubles, and what is missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from andon.lineage.caveats import Inherited
from andon.model.dataset import Dataset, Kind
from andon.model.insight import Insight
from andon.model.lamp import Lamp
from andon.model.lineage import Graph
from andon.model.trouble import Trouble, TroubleKind
from andon.value.resting import Resting
from andon.value.weakest import LinkFlaw, LinkLevel, WeakestLink, weakest_links

_AMBER, _RED = LinkLevel.AMBER, LinkLevel.RED


def flaws_of(
    datasets: Mapping[str, Dataset], there: Iterable[str], ruled: Iterable[str], troubles: Iterable[Trouble]
) -> list[LinkFlaw]:
    """What is known against datasets, whoever rests on them.

    Args:
        datasets: as the code says.
        there: those that are published.
        ruled: those that a rule across datasets names.
    """
    has_rule = set(ruled)
    found = [_of_trouble(each) for each in troubles]
    for name in there:
        if name in datasets:
            found += _missing(name, datasets[name], has_rule)
    return found


def coarse_flaws(graph: Graph, names: Iterable[str]) -> list[LinkFlaw]:
    """Datasets among `names` of whose columns nobody can tell what they are made of.

    What a source reads has no lineage above it, so that nothing of one is missing.
    """
    nodes = [graph.nodes[name] for name in sorted(names) if name in graph.nodes]
    return [
        LinkFlaw(
            node.id,
            "partial_lineage",
            _AMBER,
            f"its lineage is {node.reason}",
            f"`lineage` in the file of `{node.id}` tells it"
            if node.type == Kind.PYTHON
            else "name its columns one by one",
        )
        for node in nodes
        if node.reason is not None and node.type != Kind.SOURCE
    ]


def links_of(
    insights: Iterable[Insight],
    resting: Resting,
    flaws: Iterable[LinkFlaw],
    there: Iterable[str],
    datasets: Mapping[str, Dataset],
    inherited: Mapping[str, tuple[Inherited, ...]],
) -> dict[str, WeakestLink]:
    """By insight, its weakest link; also by what only whoever uses a dataset has to know: caveats, and that it is not there."""
    known, present = list(flaws), set(there)
    found = {}
    for insight in insights:
        own = [
            LinkFlaw(d, "gone", _RED, "it is not there", "name another dataset in `uses`")
            for d in insight.datasets
            if d not in present
        ]
        own += [
            each for d in insight.datasets if d in datasets for each in _caveats(d, datasets[d], inherited.get(d, ()))
        ]
        (found[insight.name],) = weakest_links(
            Resting({insight.name: resting.on[insight.name]}, {}), [*known, *dict.fromkeys(own)]
        )
    return found


def _of_trouble(trouble: Trouble) -> LinkFlaw:
    level = _AMBER if trouble.lamp is Lamp.WARN else _RED
    name = trouble.dataset
    kept = f" --at run:{trouble.run}" if trouble.kind is TroubleKind.HELD and trouble.run is not None else ""
    follows = trouble.kind is TroubleKind.WAITS or (trouble.kind is TroubleKind.CORD and trouble.lamp is Lamp.BLOCKED)
    if follows:
        return LinkFlaw(name, str(trouble.kind), level, trouble.what, "it goes on once what it reads does")
    repair = {
        TroubleKind.LATE: f"`andon refresh +{name}+`",
        TroubleKind.FAILED: f"`andon refresh {name}`, once it can be built",
        TroubleKind.CORD: f"`andon release {name}`, once it is right",
        TroubleKind.COMPLAINT: "look at it, and close the incident",
    }.get(trouble.kind, f"`andon check {name}{kept}` says what is wrong")
    return LinkFlaw(name, str(trouble.kind), level, trouble.what, repair)


def _missing(name: str, said: Dataset, ruled: set[str]) -> Iterator[LinkFlaw]:
    has_check = bool(said.checks) or any(column.checks for column in said.columns) or name in ruled
    if not has_check:
        yield LinkFlaw(
            name, "no_check", _AMBER, "no check says what must hold", f"`andon check {name} --suggest` proposes some"
        )
    if said.owner is None:
        yield LinkFlaw(name, "no_owner", _AMBER, "nobody owns it", "`owner: …` in its file")
    if said.description is None:
        yield LinkFlaw(
            name, "no_description", _AMBER, "nothing says what a row of it is", "`description: …` in its file"
        )
    if said.deprecated is not None:
        yield LinkFlaw(name, "deprecated", _AMBER, f"it {said.deprecated.words}", "use what takes its place")
    if said.definition.allow:
        words = ", ".join(said.definition.allow)
        yield LinkFlaw(
            name, "not_reproducible", _AMBER, f"it can't be built again as it is: it allows {words}", "give it a seed"
        )


def _caveats(name: str, said: Dataset, inherited: tuple[Inherited, ...]) -> Iterator[LinkFlaw]:
    """Of where it is stated, whoever inherits it: handled once, it holds back none of those below."""
    for origin, caveat in [
        *((name, each) for each in said.caveats),
        *((each.origin, each.caveat) for each in inherited),
    ]:
        repair = f"`handles: {{{caveat.id}: …}}` in the file that deals with it"
        yield LinkFlaw(origin, "caveat", _AMBER, caveat.text, repair)
