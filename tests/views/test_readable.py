"""A NUL character, which no keyboard types, leads nowhere: PostgreSQL fails on it, SQLite would keep it."""

from domain.enums import StaffRole
from models import Household


def test_it_is_refused_in_a_form_an_address_and_a_query(client, world):
    household = world.household("SOLIGNAC")
    client.sign_in(world.staff(StaffRole.ADMINISTRATOR))
    assert client.get("/gestion/familles?q=a%00b").status_code == 400
    assert "n’a pas été comprise" in client.page.get_text()
    assert client.get("/reservations/a%00b/planning").status_code == 404
    assert (
        client.submit("/gestion/familles/nouveau", {"name": "MAR\0TY"}, button=("acte", "creer")).status_code
        == 400
    )
    assert [one.id for one in world.all(Household)] == [household.id]
