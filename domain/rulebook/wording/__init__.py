"""The legal text of a rulebook: readable French sentences, each tied to the rule that it states."""
