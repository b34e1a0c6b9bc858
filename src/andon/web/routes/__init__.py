"""Routes, a file for each noun. `all_endpoints` is the whole table."""

from __future__ import annotations

from andon.web.endpoint import Endpoint


def all_endpoints() -> tuple[Endpoint, ...]:
    """Every route of the API, in the order in which it is described."""
    from andon.web.routes import (
        actions,
        approvals,
        branches,
        catalog,
        channels,
        checks,
        contracts,
        costs,
        dataset_questions,
        datasets,
        editing,
        hints,
        history,
        incidents,
        insights,
        isolations,
        letters,
        lint,
        overview,
        people,
        quarantine,
        queries,
        reproductions,
        requests,
        reviews,
        runs,
        saving,
        scheduling,
        server,
        sources,
        suggestions,
        verifications,
    )

    homes = (
        queries,
        datasets,
        catalog,
        insights,
        requests,
        dataset_questions,
        letters,
        approvals,
        reviews,
        costs,
        overview,
        saving,
        editing,
        runs,
        scheduling,
        actions,
        branches,
        history,
        reproductions,
        isolations,
        lint,
        verifications,
        checks,
        incidents,
        quarantine,
        suggestions,
        hints,
        contracts,
        sources,
        channels,
        people,
        server,
    )
    return tuple(endpoint for home in homes for endpoint in home.ENDPOINTS)
