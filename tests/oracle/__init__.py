"""A second opinion on limits, written from docs/reglement-format.md alone: it imports nothing of ours.

It enumerates days one by one in lists and looks places up; it never steps like the engine does.
"""
