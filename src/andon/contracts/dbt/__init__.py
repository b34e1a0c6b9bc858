"""Property files of dbt: models, sources, seeds and snapshots, with their tests."""
