"""Builds on any endpoint of Spark Connect."""
