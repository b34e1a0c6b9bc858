"""Hints by which a project gets simpler, each with the change written out: what could go, or be coarser, and no answer changes."""
