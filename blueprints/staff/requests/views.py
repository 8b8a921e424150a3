"""The queue of booking requests."""
