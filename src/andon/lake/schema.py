"""Tables of the lake in the catalog, as numbered migrations. A released step is never edited."""

from __future__ import annotations

from andon.lake import packages

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "create table blob (id text primary key, size bigint not null, body bytea not null)",
        "create table definition (id text primary key, entry text not null, meaning text not null, body text not null)",
        "create table version (id text primary key, dataset text not null, is_view integer not null, rows bigint,"
        " bytes bigint not null, body bytea not null, created text not null)",
        "create table build (id text primary key, key text not null, dataset text not null, definition text not null,"
        " version text not null, run bigint, superseded integer not null default 0, body bytea not null, created text not null)",
        "create unique index build_key on build (key) where superseded = 0",
        "create index build_dataset on build (dataset, created)",
        "create index build_definition on build (definition)",
        "create table field_id (dataset text not null, parent integer not null, path text not null, was text not null,"
        " id integer not null, primary key (dataset, parent, path, was, id))",
        "create table tree (id text primary key, body bytea not null)",
        "create table lake_commit (id text primary key, parent text, generation bigint not null, kind text not null,"
        " run bigint, time text not null, body bytea not null)",
        "create table ref (name text primary key, kind text not null, commit_id text not null, updated text not null)",
        "create table reflog (seq bigint primary key, ref text not null, old text, new text, request text, why text not null,"
        " actor text not null, at text not null)",
        "create unique index reflog_request on reflog (request) where request is not null",
        "create index reflog_ref on reflog (ref, seq)",
    ),
    ("create table identity (id text primary key)",),
    # what a definition holds beside what its id is made of
    ("create table definition_seal (id text primary key, sha256 text not null)",),
    # files that nothing keeps, and how far their going has come; how often files were closed to readers
    (
        "create table going (path text primary key, dataset text not null, size bigint not null, state text not null,"
        " epoch bigint not null, since text not null)",
        "create table epoch (number bigint not null)",
    ),
    # runs of analyses, and what they made
    (
        "create table analysis_run (id text primary key, name text not null, number bigint not null, body bytea not null,"
        " unique (name, number))",
    ),
    # wheels of locks
    packages.TABLES,
    # what processes of several machines hold, while they renew it (seconds since 1970 by the database's clock)
    (
        "create table lease (id text primary key, kind text not null, process text not null, epoch bigint not null,"
        " since text not null, renewed real not null)",
    ),
    # the storage that the catalog goes on in, and one that its files were copied to when the reflog had come to `seen`
    ("create table home (storage text primary key, url text not null, beside text, seen bigint)",),
    # parts of long lists of files, which rows of versions and builds have in common
    ("create table list_part (id text primary key, body bytea not null)",),
)
