"""Staff home: what waits for a decision."""
