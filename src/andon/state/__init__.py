"""State of runs: runs and tasks, results of checks, the log of queries, in tables of the catalog's database. Decides nothing."""
