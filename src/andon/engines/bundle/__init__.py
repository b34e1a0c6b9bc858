"""A stage of the lake in one folder, with all that it is made of: what stands in the folder, and what runs it without Andon."""
