"""Frozen facts that all layers share, one noun per file. No I/O, no engines."""
