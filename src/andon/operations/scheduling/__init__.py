"""The scheduler: what is due and why (`decide`), and who does it: what is due becomes jobs; a job is claimed, run and told."""
