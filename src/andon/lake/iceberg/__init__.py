"""Any version shown as a complete Iceberg v2 table: metadata derived on demand from what the catalog knows.

Two limits of readers, not of the metadata: pyiceberg refuses a table that has a struct `a` with a field `b` and also a column named
`a.b`; and infinite dates and timestamps are known to DuckDB only.
"""
