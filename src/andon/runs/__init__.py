"""Planning and building: what a run would do and why, in which order, and doing it."""
