"""The one core behind all faces: a thin file per noun, one method per verb. Parses no arguments and renders nothing."""
