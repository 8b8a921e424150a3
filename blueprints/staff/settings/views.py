"""The town's identity, contact and texts."""
