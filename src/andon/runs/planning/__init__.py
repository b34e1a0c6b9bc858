"""What a run would do and why: folder and branch gathered, schemas bound, steps and their consequences. Builds nothing."""
