"""Checks: lines of the language read, compiled, executed over relations, judged. Knows no lake and no run; what holds is decided above."""
