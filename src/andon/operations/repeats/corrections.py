"""Fixes that are made over and over: the same for the same kind of incident, twice, and it comes a third time. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from andon.operations.repeats.records import Correction, PastIncident
from andon.operations.repeats.repeat import THIRD, CorrectionRepeat, Replay, key_of

#: What is not known to be needless in so many of the cases is worth a rule.
_HELPS = 2 / 3
#: A person asked for it: by its kind, or as the playbook that suggests it.
_BY_HAND = frozenset({"manual", "suggested"})
_NO_PROBLEM = frozenset({"expected", "no-problem"})


def repeated_corrections(
    corrections: Iterable[Correction],
    incidents: Sequence[PastIncident],
    covered: Callable[[str, str, str], bool] = lambda *_: False,
) -> tuple[CorrectionRepeat, ...]:
    """The fixes that helped twice or more by hand, for a kind of incident that came three times, the most frequent first.

    Args:
        covered: whether a playbook does it already: kind, dataset, action.
    """
    done: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], list[Correction]] = defaultdict(list)
    every = list(corrections)
    for one in every:
        if one.mode in _BY_HAND and one.outcome == "verified" and not one.is_undone:
            done[one.kind, one.dataset, one.action, tuple(sorted(one.params.items()))].append(one)
    found = []
    for (kind, dataset, action, params), own in done.items():
        fixed = dict.fromkeys((one.incident, one.episode) for one in own)
        like = [one for one in incidents if (one.kind, one.dataset) == (kind, dataset)]
        if len(fixed) < THIRD - 1 or len(like) < THIRD or covered(kind, dataset, action):
            continue
        replay = replay_of(kind, dataset, action, dict(params), every, incidents)
        if replay.fixed < _HELPS * replay.fired:
            continue
        found.append(
            CorrectionRepeat(
                key_of("correction", kind, dataset, action),
                frozenset({f"{kind} {dataset}", action}),
                len(fixed),
                tuple(sorted({one.actor for one in own})),
                own[0].at,
                own[-1].at,
                kind,
                dataset,
                action,
                tuple(dict.fromkeys(number for number, _ in fixed)),
                replay,
                dict(params),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.times, one.key)))


def replay_of(
    kind: str,
    dataset: str,
    action: str,
    params: dict[str, str],
    corrections: Iterable[Correction],
    incidents: Iterable[PastIncident],
) -> Replay:
    """What a rule that does `action` about incidents of this kind would have done about those that are over."""
    helped: dict[tuple[int, int], list[Correction]] = defaultdict(list)
    for one in corrections:
        if one.outcome == "verified" and not one.is_undone:
            helped[one.incident, one.episode].append(one)
    fired = fixed = needless = unknown = 0
    for incident in incidents:
        if (incident.kind, incident.dataset) != (kind, dataset) or incident.closed is None:
            continue
        fired += 1
        ways = helped.get((incident.number, incident.episode), [])
        if incident.verdict in _NO_PROBLEM:
            needless += 1
        elif any(one.action == action and dict(one.params) == params for one in ways):
            fixed += 1
        elif ways:
            unknown += 1
        else:
            needless += 1
    return Replay(fired, fixed, needless, unknown)
