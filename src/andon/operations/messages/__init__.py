"""Messages: who is told what of incidents, said once for each change, sent until it arrives."""
