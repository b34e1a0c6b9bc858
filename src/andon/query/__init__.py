"""Questions to one commit: checked to be one SELECT that only reads, answered, logged. Serves every face; writes no data."""
