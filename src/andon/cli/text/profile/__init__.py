"""Profiles drawn for a terminal: the overview, one column, what moved. Computes no statistics."""
