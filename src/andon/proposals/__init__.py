"""Checks proposed from profiles, names and the past, each tried before anybody sees it. Writes no file."""
