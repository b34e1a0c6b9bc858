"""Sources: which files a source's SQL means, what was recorded about them, and the strict SQL that reads them.

What it owns: file patterns (`files`), the contract of a source (`contract`), the strict SQL and the pinned text (`render`,
`pin`), and what a failed read means for a person (`explain`). It reads files and runs a private in-memory engine to look at
them; it never writes, never touches the catalog, and never runs a dataset.
"""
