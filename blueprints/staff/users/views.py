"""Staff accounts, roles and facilities."""
