"""unit_tests."""
