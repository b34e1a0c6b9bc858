"""Bound plans as digests: of the rows, of each column. Equal digests mean equal results; what is not known raises."""
