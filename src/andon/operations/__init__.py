"""What goes on without being asked: noticing, incidents, corrective actions, messages, the scheduler."""
