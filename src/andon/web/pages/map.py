"""The lineage of the whole project, from raw files and other systems to insights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.web.pages.page import PageCall, PageRoute, Shown

if TYPE_CHECKING:
    from andon.service.lineage_map import MapNode


def _map(call: PageCall) -> Shown:
    found = call.service.maps.whole(call.query.at)
    into: dict[str, list[str]] = defaultdict(list)
    for edge in found.edges:
        into[edge.target].append(edge.source)
    return {
        "map": found,
        "groups": groups_of(found.nodes),
        "into": into,
        "names": {node.id: node.id if node.kind == "dataset" else node.name for node in found.nodes},
    }


def groups_of(nodes: Sequence[MapNode]) -> Mapping[str, list[MapNode]]:
    """Nodes by what they belong to, in the order in which they come on the map."""
    found: dict[str, list[MapNode]] = {}
    for node in nodes:
        found.setdefault(node.group, []).append(node)
    return found


PAGES = (PageRoute("/map", "map.html", _map),)
