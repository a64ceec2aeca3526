"""Rows: the only code that speaks SQL."""
