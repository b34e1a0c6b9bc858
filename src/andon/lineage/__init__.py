"""Where values come from, over the datasets of one commit: traced, put together to one graph, kept. Words and verbs are above."""
