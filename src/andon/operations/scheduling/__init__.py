"""The scheduler: what is due and why (`decide`), and who does it."""
