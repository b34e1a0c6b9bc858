"""Databases as sources: named connections, their columns read exactly or loudly, one snapshot for all that a run loads."""
