"""Engines: given data files, SQL or Python, and a staging place, they write Parquet. They know no project; only the lake commits."""
