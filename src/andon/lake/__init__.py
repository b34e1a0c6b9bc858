"""The lake: content-addressed objects, commits, refs, storage, and undo as a pure decision. Knows no project, no engine and no run."""
