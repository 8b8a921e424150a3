"""The outbox: what was sent, what is late, what bounced."""
