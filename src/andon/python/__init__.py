"""The Python face: `andon.open()` and what it returns. Every verb is a call of the service; it decides nothing."""
