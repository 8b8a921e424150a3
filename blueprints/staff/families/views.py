"""Household files: search, create, edit, open access."""
