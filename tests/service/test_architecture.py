"""The architecture of a real lake: its lines are the lineage and what people asked, and what came is marked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from andon.errors import UsageError
from andon.model.architecture import BlockKind, Presence
from andon.render.architecture import change_words
from andon.render.block_svg import svg
from andon.render.drawings import collapsed
from kit.clones import Clone
from service.test_reviewing import Days

SETTINGS = (
    '[schedules.nightly]\nselect = ["marts.*"]\nevery = "1d"\n[connections.crm]\nkind = "sqlite"\npath = "crm.db"\n'
)


def test_it_is_drawn_from_what_is_there(project: Clone):
    clock = project.clock = Days()
    assert project.run().published
    clock.now += timedelta(days=40)
    project.write("andon.toml", SETTINGS)
    project.write("datasets/extra/more.sql", "select * from marts.totals\n")
    project.write("datasets/marts/best.sql", None)
    project.write("insights/who.md", "---\nuses: [marts.totals]\nkind: decision\n---\n# Who buys most?\n\nBen.\n")
    assert project.run(drop=True).published
    with project.opened() as service:
        found = service.architectures.drawn()
        assert not [block for block in found.blocks if block.kind is BlockKind.DOOR], "nobody asked yet"
        service.querying.ask("select * from extra.more", face="http").fetch()
        service.querying.ask("select * from marts.totals", face="show").fetch()
        found = service.architectures.drawn()
        graph = collapsed(service.lineages.graph())
        again = service.architectures.drawn()
        assert svg(again) == svg(found)

        home = {member: block.id for block in found.blocks for member in block.members}
        ours = {key if key in home else f"files:{key}" for key in graph.nodes}
        outside = {"schedule:nightly", "connection:crm", "door:http"}
        assert set(home) == ours | outside
        edges = {
            (e.source if e.source in home else f"files:{e.source}", e.target)
            for e in graph.edges
            if e.source != e.target
        }
        edges |= {("extra.more", "door:http")}
        edges |= {("schedule:nightly", name) for name in ("marts.totals", "marts.count")}
        assert found.now.edges == len(edges)
        lines = {(home[a], home[b]) for a, b in edges if home[a] != home[b]}
        assert {(x.source, x.target) for x in found.lines if x.state is not Presence.GONE} == lines
        assert (found.now.capabilities, found.before.capabilities if found.before else None) == (2, 0)

        told = change_words(found)
        assert "new: connection crm" in told
        assert "new: schema extra extra.more" in told
        assert "schema marts: gone marts.best" in told
        assert "new: door web and HTTP" in told
        earlier = service.architectures.drawn("main~1", "main")
        assert {block.id for block in earlier.blocks if block.state is Presence.GONE} >= {
            "connection:crm",
            "dataset:extra",
        }
        with pytest.raises(UsageError) as caught:
            service.architectures.drawn(None, "nope")
        assert caught.value.code == "lake.ref_not_found"
        assert service.architectures.drawn("main~1").before is None, "nothing is older"
