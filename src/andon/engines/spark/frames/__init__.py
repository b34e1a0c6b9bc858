"""Spark DataFrames in functions of Python datasets: handed over, kept to what a function may ask, and written."""
