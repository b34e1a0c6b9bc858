"""What data costs, and what it is worth: along the lineage, from what is recorded anyway. Sums are conserved."""
