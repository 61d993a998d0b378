"""Sections that have not moved to a study folder yet."""
