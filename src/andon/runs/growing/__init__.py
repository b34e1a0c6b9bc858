"""Tables that grow: what changed of their inputs, which of their rows hang on it, and what is made anew. Decides; builds nothing."""
