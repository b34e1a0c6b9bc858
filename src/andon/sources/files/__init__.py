"""Files as sources: patterns, dialects, types found by looking, strict reads, Hive partitions. Knows files alone, no contract's history."""
