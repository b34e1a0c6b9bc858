"""Checks asked of an engine in as few scans as possible, or proved without one. Decides nothing: `checks/judge.py` does."""
