"""Single files of a project read: SQL, Python, YAML, TOML, fields and their places. What they say together is for `link`."""
