"""Sixty days of a team's records, made up from a seed: what is done over and over among what only looks like it."""
