"""Scheduled work: what is due becomes jobs, a job is claimed, run and told; passes follow each other or are asked for one by one."""
