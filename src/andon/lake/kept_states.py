"""The state of one commit, kept in the folder's cache: others are read as it, but for what differs.

The trees of a state of ten thousand datasets are some seven hundred rows. Most states that a command looks at are nearly that which the
last one looked at, so one is kept whole, and of another only the trees are read that it does not have alike.
"""

from __future__ import annotations

from andon.base.cache import Cache, Entries, newest_keys
from andon.model.commit import State

#: States of fewer leaves are read as fast as they would be found.
FEW = 1_000
#: A state that differs in more leaves from the kept one is kept in its place.
MANY = 300
_STATES = Entries[State]("state", State)


class CachedStates:
    """Keeps the state that was read last, in a cache; without one it keeps none."""

    def __init__(self, cache: Cache | None) -> None:
        self._cache = cache
        self._newest: tuple[str, State] | None = None
        self._was_read = False

    def keep(self, root: str, state: State) -> None:
        """Keep the state that a root tree holds, if it is large."""
        if self._cache is not None and len(state.leaves) >= FEW:
            self._cache.put_newest(_STATES, root, state, 1)
            self._newest, self._was_read = (root, state), True

    def newest(self) -> tuple[str, State] | None:
        """The state that is kept, with the id of its root tree; None where there is none."""
        if self._cache is not None and not self._was_read:
            for root in newest_keys(self._cache, _STATES)[:1]:
                state = self._cache.get(_STATES, [root]).get(root)
                self._newest = (root, state) if state is not None else None
            self._was_read = True
        return self._newest
