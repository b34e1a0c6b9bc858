"""The HTTP face: one process that a team shares."""
