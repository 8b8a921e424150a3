"""The children of the household and their sheets."""
