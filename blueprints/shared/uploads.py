"""Routes that receive a file: a larger body, only for who may use them.

The CSRF check reads the form before any view runs, so the limit of such a route is raised earlier, when its
address is understood.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request
from flask_login import current_user

from domain.permissions import Permission

# Room for the other fields of the form, and for a file slightly too big to be told so beside its field.
_MARGIN = 512 * 1024


def receive_files(blueprint: Blueprint, permission: Permission | None, sizes: Mapping[str, int]) -> None:
    """Let these views of `blueprint` receive files of so many bytes, from agents with `permission`; from
    families when there is none.
    """
    limits = {f"{blueprint.name}.{name}": size + _MARGIN for name, size in sizes.items()}

    @blueprint.url_value_preprocessor
    def raise_limit(endpoint: str | None, _values: Mapping[str, Any] | None) -> None:
        if endpoint in limits and current_user.is_authenticated and _may(permission):
            request.max_content_length = limits[endpoint]


def _may(permission: Permission | None) -> bool:
    if not current_user.is_full or current_user.is_staff is (permission is None):
        return False
    return permission is None or current_user.may(permission)
