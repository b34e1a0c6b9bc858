"""The Open Data Contract Standard."""
