"""Words, Markdown, Mermaid and JSON values that all faces share. Pure; knows neither terminal nor HTML and calls no service."""
