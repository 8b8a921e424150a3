"""The household's file and the signed-in adult's own account."""
