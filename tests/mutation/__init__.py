"""Faults put into `domain/` one at a time, to see whether the tests notice. See docs/mutation.md."""
