"""What must hold of a run's results: which checks, asked and answered, and which part may be published. Builds nothing."""
