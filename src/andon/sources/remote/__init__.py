"""Files in other places: object storage and web servers."""
