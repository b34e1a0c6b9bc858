"""Any version shown as a complete Iceberg v2 table: metadata derived on demand from what the catalog knows."""
