"""Corrective actions: what answers an incident, within bounds, verified or undone."""
