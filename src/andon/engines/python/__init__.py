"""Python datasets: locks, environments, the child process that makes Parquet of Parquet. Reads no project and no catalog."""
