"""Who builds what the embedded engines don't. Light on purpose: every command opens a workspace, and few build."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from andon.engines.engine import EngineKind
    from andon.model.dataset import Definition

#: Gives the kind of engine by which a dataset is built over so many bytes of input, where that is none of the embedded ones.
OtherEngine: TypeAlias = "Callable[[Definition, int], EngineKind | None]"


def embedded_only(_: Definition, __: int) -> EngineKind | None:
    """No other engines: the embedded ones build everything."""
    return None
