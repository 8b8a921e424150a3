"""Useful links, resources, document categories."""
