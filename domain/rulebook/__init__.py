"""The règlement of an organiser as data: one engine for the limits, prices and consequences of any town.

`tree` and `schema` read a file into the typed rules of the other modules; `questions` answers and explains.
"""
