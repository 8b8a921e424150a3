"""What a question asks and what it answers: plain mappings that JSON can hold once made plain."""

from collections.abc import Mapping
from typing import Any

Answer = dict[str, Any]
Asked = Mapping[str, Any]
