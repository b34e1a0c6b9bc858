"""What nobody knows before it ran: the columns that changed Python returns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from andon.model.dataset import Kind

if TYPE_CHECKING:
    from andon.model.commit import State
    from andon.model.dataset import Definition


class _Changed(Protocol):
    @property
    def definitions(self) -> Mapping[str, Definition]: ...

    @property
    def state(self) -> State: ...


def guessed_returns(code: _Changed, names: Iterable[str]) -> set[str]:
    """Those of `names` of which it is a guess that they return the columns that they had: their code is Python, and changed."""
    leaves, definitions = code.state.leaves, code.definitions
    return {
        name
        for name in names
        if name in leaves
        and name in definitions
        and definitions[name].kind is Kind.PYTHON
        and leaves[name].definition != definitions[name].id
    }
