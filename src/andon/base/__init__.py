"""Small tools without knowledge of Andon's nouns: clock, hashing, names, text, graphs, files, databases, caches. Imports only errors."""
