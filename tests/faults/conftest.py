from tests.running_town import town

__all__ = ["town"]
