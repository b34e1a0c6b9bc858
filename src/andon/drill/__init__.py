"""The drill: weeks of a live project, in which what can go wrong does, with real parts; and a judge who knows the truth."""
