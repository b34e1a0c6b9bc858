"""Checks: lines of the check language read, compiled to SQL, run and judged. What holds a publish is decided above."""
