"""Bills, payments and what is coming."""
