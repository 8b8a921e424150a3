"""Pages for everybody: structures, how to register, legal texts."""
