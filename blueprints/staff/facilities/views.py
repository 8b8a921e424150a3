"""Facilities, activities, presence types, periods, openings, rules and prices."""
