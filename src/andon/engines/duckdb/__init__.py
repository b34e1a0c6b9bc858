"""The embedded engine: DuckDB, Parquet in and Parquet out. The only place that runs datasets' SQL; knows no catalog."""
