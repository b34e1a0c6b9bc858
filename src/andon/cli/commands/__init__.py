"""One file per noun: click's options and the call of the service. Loaded when its command is called; lays out nothing itself."""
