"""HTTP APIs as sources: asked page by page, patiently and by their own rules; what they answer is kept, and read as strictly as files."""
