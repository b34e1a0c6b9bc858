"""The embedded engine: DuckDB, Parquet in and Parquet out."""
