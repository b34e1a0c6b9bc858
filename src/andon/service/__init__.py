"""The one core behind command line, HTTP and Python: a file per noun; `workspace` picks the adapters."""
