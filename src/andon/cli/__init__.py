"""The command line: parses arguments, calls the service, lays out the answer. It decides nothing; words come from `render`."""
