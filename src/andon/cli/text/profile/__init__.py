"""Profiles drawn for a terminal: the overview, one column, what moved. Asks nothing and computes no statistics."""
