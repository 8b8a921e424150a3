"""The agenda, the booking wizard and the history of requests."""
