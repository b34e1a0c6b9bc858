"""Questions answered by processes of their own: what runs in them, and how they are spoken to. Loads nothing of lake and people."""
