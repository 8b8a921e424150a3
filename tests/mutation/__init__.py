"""Faults put into `domain/` and `services/` one at a time: do the tests notice? See docs/mutation.md."""
