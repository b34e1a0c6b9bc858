"""Runs: from what is asked for, over the plan, to the commit. Knows no face; what is not about a run is in `service`."""
