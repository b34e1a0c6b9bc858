"""Answers as lines for a terminal: tables, colours, widths. Pure; knows no click and calls no service."""
