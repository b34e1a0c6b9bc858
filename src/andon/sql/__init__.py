"""What SQL text means, by DuckDB's own parser and binder: facts, refusals, normal form, messages. Reads no files, no lake and no clock."""
