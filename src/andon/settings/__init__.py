"""Settings: one typed table, what `andon.toml` may say, where each value comes from. The environment is handed in, never read here."""
