"""The parent's home page, useful links and resources."""
