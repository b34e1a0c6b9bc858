"""A project's files as definitions: found, read, linked, merged, and written where checks are added. Knows no lake and runs no SQL."""
