"""Versions built again, apart from the lake, and compared with what was published."""
