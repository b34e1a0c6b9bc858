"""Engines: given data files, SQL or Python, and a staging place, they write Parquet. Only the lake commits."""
