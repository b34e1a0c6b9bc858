"""The tasks of a plan done, side by side: each a version and a build, or an error that stops what follows from it. Publishes nothing."""
