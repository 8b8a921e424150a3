"""To the payment page and back in a real browser: the security policy lets the form go there (S57)."""

from urllib.parse import urlsplit

import pytest

from tests.payfip_bench import stand_in, till

__all__ = ["stand_in", "till"]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_family_pays_on_the_other_site_and_comes_back_to_its_receipt(
    visit, till, server, monkeypatch, scripts
):
    monkeypatch.setitem(till.app.config, "PUBLIC_URL", server)
    visit.hosts.add(urlsplit(till.server.base).netloc)
    visit.expects(404)  # the stand-in has no picture for the tab
    till.bill(4320)
    page = visit(user=till.parent, scripts=scripts)
    page.goto("/factures")
    page.get_by_role("button", name="Payer en ligne").click()
    page.get_by_role("heading", name="Page de paiement simulée").wait_for()
    assert page.url.startswith(till.server.base)
    page.get_by_role("button", name="Payer par carte").click()
    if not scripts:
        page.get_by_role("button", name="Vérifier maintenant").click()
    page.get_by_role("heading", name="Paiement reçu").wait_for()
    page.goto("/factures")
    assert page.get_by_text("Payée en ligne").is_visible()
