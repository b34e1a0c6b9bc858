"""What SQL text means, by DuckDB's own parser and binder: facts, refusals, normal form, types, messages.

Nothing here reads files, the lake or the clock; each thread has an in-memory engine of its own that only parses and binds.
"""
