"""Supporting documents: what is asked for, what was received."""
