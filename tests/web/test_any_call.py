"""Whatever is sent, nothing breaks: every route is asked what its description allows, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.generation import GenerationMode

from andon.web.openapi import description
from kit.clones import FILES, Clone
from kit.serving import Serving, serving

schema = schemathesis.openapi.from_dict(description())
schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server whose project may come to any state."""
    clone = Clone(tmp_path_factory.mktemp("victim") / "acme")
    clone.fill(FILES)
    clone.run()
    with serving(clone.root) as found:
        yield found


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_call_breaks_the_server(case: schemathesis.Case, victim: Serving) -> None:
    answered = case.call(base_url=victim.address, timeout=60)
    assert answered.status_code < 500, f"{answered.status_code}: {answered.text[:400]}"
    if answered.status_code >= 400:
        assert answered.headers["content-type"][0].startswith("application/problem+json"), answered.text[:200]
        assert answered.json()["code"]
