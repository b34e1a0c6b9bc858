"""What runs do, told to a catalog of lineage as OpenLineage events, where the standard's own client is configured."""
