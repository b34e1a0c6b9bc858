"""Any version shown as a complete Iceberg v2 table, derived on demand from what the catalog knows. Writes no data and keeps no state."""
