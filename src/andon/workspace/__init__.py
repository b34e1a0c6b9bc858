"""An opened project: folder, settings, lake, state, engines, each by the adapter that the settings choose. It has no verbs."""
