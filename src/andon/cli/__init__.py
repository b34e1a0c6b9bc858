"""The command line: parses arguments, calls `andon.service`, renders. It decides nothing."""
