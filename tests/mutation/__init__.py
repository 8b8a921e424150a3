"""Faults put into `domain/` and `services/` one at a time, to see whether the tests notice. See docs/mutation.md."""
