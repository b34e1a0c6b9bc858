"""Incidents: made of signals, one for each cause, until what readers see is right again."""
