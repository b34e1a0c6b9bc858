"""Contracts of other tools: the Open Data Contract Standard, read and written, and property files of dbt, read."""
