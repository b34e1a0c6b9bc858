"""Unit tests of datasets: written rows as tables, the dataset's own code over them, rows compared. Reads and writes nothing of the lake."""
