"""Fixtures of the service tests: a small project, and two clones of it on one lake."""

from __future__ import annotations

import shutil

import pytest

from kit.clones import FILES, Clone


@pytest.fixture
def project(tmp_path) -> Clone:
    clone = Clone(tmp_path / "acme")
    for path, text in FILES.items():
        clone.write(path, text)
    return clone


@pytest.fixture
def shared(tmp_path) -> tuple[Clone, Clone]:
    """Two clones of one project on one lake; the first has published."""
    places = {"ANDON_STORAGE": str(tmp_path / "lake"), "ANDON_CATALOG": str(tmp_path / "catalog.db")}
    ana = Clone(tmp_path / "ana", "ana", environ=places)
    for path, text in FILES.items():
        ana.write(path, text)
    ana.run()
    shutil.copytree(ana.root, tmp_path / "ben", ignore=shutil.ignore_patterns(".andon"))
    ben = Clone(tmp_path / "ben", "ben", environ=places)
    ben.run()
    return ana, ben
