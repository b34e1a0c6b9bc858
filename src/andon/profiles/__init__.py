"""What values look like: statistics of columns, of a sample where there are many, how two profiles differ. Keeps and draws nothing."""
