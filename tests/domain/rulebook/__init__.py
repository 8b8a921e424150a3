"""Tests of the rulebook engine; its helpers say what differed when an assertion fails."""

import pytest

pytest.register_assert_rewrite("tests.domain.rulebook.helpers")
