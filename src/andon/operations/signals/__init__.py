"""Signals that nobody has to meet: what stands beside checks and failed runs, told from what is recorded."""
