"""What the town does with each field of the family file, changed on screen (S33, S34)."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from domain.errors import NotFound
from domain.family_file import Policy, policies
from models import FieldRule
from queries import field_rules
from services import audit
from services.accounts import Author
from services.transaction import write_transaction

# The journal names a row by a number; these rules are one object.
_THE_TOWN = 1


def save(wanted: Mapping[str, Policy], *, author: Author, now: datetime) -> frozenset[str]:
    """Write the policies that changed, by the key of their field; returns their keys.

    What nobody can do without stays required, whatever is asked. Raises NotFound for an unknown key.
    """
    if not wanted.keys() <= policies({}).keys():
        raise NotFound
    with write_transaction() as session:
        former = field_rules.field_policies()
        asked = policies({**former, **wanted})
        changed = sorted(key for key in wanted if asked[key] != former[key])
        for key in changed:
            session.merge(FieldRule(field=key, **asdict(asked[key])))
        if changed:
            audit.record(
                session,
                at=now,
                actor_user_id=author.user_id,
                channel=author.channel,
                action="field_rules.updated",
                object_type="town",
                object_id=_THE_TOWN,
                before={key: asdict(former[key]) for key in changed},
                after={key: asdict(asked[key]) for key in changed},
            )
    return frozenset(changed)
