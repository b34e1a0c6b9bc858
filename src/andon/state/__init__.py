"""Run state: runs, tasks, the log of queries. In the catalog's database, in tables of its own."""
