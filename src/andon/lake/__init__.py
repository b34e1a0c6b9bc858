"""The lake: content-addressed objects, commits, refs, storage, Iceberg. It knows nothing of projects, engines or runs."""
