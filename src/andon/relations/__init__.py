"""From version ids to what an engine reads: data files, views over their inputs, the two sides of a comparison. Asks nothing itself."""
