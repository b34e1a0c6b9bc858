"""Tables of run state, as numbered migrations. A released step is never edited."""

from __future__ import annotations

from andon.state import (
    actions,
    approvals,
    attempts,
    check_results,
    claims,
    clocks,
    cords,
    dataset_questions,
    decisions,
    failed_steps,
    hints,
    incidents,
    insight_looks,
    letters,
    looks,
    messages,
    nights,
    offers,
    origins,
    pauses,
    reproductions,
    requests,
    runs,
    unchanged,
    usual,
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "create table run (number bigint primary key, branch text not null, base text not null, kind text not null,"
        " author text not null, started text not null, ended text, status text not null, commit_id text,"
        " published integer not null default 0, held text, logical_time text not null, seconds real, process text not null)",
        "create table task (run bigint not null, dataset text not null, action text not null, reason text not null,"
        " status text not null, rows bigint, seconds real not null, version text, error text, primary key (run, dataset))",
        "create table query_log (seq bigint primary key, at text not null, who text not null, face text not null,"
        " sql text not null, datasets text not null, commit_id text, seconds real not null, rows bigint, error text)",
        *check_results.TABLES,
        "create table fact (version text not null, kind text not null, body text not null, primary key (version, kind))",
    ),
    (
        "create table look (branch text not null, dataset text not null, at text not null, commit_id text not null,"
        " primary key (branch, dataset))",
    ),
    (
        "create table token (id text primary key, digest text not null, person text not null, scope text not null,"
        " created text not null, expires text, used text, revoked integer not null)",
        "create table answered_call (id text primary key, who text not null, digest text not null, at text not null,"
        " status integer, body text)",
    ),
    (
        "alter table query_log add column read_columns text",
        "alter table query_log add column shape text",
        "alter table query_log add column exact text",
        "alter table query_log add column bytes bigint",
        "alter table query_log add column request text",
        "create index query_log_at on query_log (at)",
        "create index query_log_shape on query_log (shape)",
    ),
    (
        "alter table task add column began real",
        "alter table task add column note text",
        "alter table run add column beat text",
        "alter table run add column error text",
        "create table run_note (run bigint not null, seq bigint not null, at real not null, text text not null,"
        " primary key (run, seq))",
    ),
    # operations: what goes on without being asked
    (
        *actions.TABLES,
        *attempts.TABLES,
        *claims.TABLES,
        *cords.TABLES,
        *incidents.TABLES,
        *messages.TABLES,
        *offers.TABLES,
        *pauses.TABLES,
        *runs.TABLES,
        *decisions.TABLES,
        *looks.TABLES,
        *usual.TABLES,
    ),
    # whether a clock jumped is told by what it showed before
    clocks.TABLES,
    # whether the answers of insights are still true
    insight_looks.TABLES,
    # what people need and nobody could serve
    requests.TABLES,
    # what could be simpler
    hints.TABLES,
    # what owners approved of changes by others
    approvals.TABLES,
    # what people ask about datasets
    dataset_questions.TABLES,
    # what people are told of what is theirs, and what owners agreed to and took back
    (*letters.TABLES, *approvals.WITHDRAWN),
    # whether past versions came out the same
    reproductions.TABLES,
    # where runs came from: git, machine, account, Andon
    origins.TABLES,
    # why past versions did not, what came of reading the lake whole, and what was done in which night
    (*reproductions.MISSES, *nights.TABLES),
    # what runs failed on
    failed_steps.TABLES,
    # tasks of runs that found nothing to do
    unchanged.TABLES,
)
