"""The payment page of the stand-in, in plain HTML."""

from html import escape

from simulator.payfip.service import Operation

CHOICES = (
    ("P", "Payer par carte", "La carte est acceptée."),
    ("V", "Payer par prélèvement", "L’ordre de prélèvement est accepté."),
    ("R", "Carte refusée", "La banque refuse la carte."),
    ("Z", "Prélèvement refusé", "La banque refuse le prélèvement."),
    ("A", "Annuler", "La famille renonce."),
    ("", "Fermer l’onglet", "La famille s’en va sans rien dire."),
    ("Q", "Répondre un code inconnu", "Comme le ferait un moyen de paiement nouveau."),
)
NOTICES = (("1", "une fois"), ("0", "jamais"), ("3", "trois fois"))
DELAYS = (("0", "tout de suite"), ("20", "dans 20 secondes"), ("120", "dans 2 minutes"))

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: #f3f4f7; color: #1c1c28 }
main { max-width: 34rem; margin: 0 auto; padding: 1rem }
.note { background: #fff4d6; padding: .75rem 1rem; border-radius: .5rem }
dl { background: #fff; padding: 1rem; border-radius: .5rem }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem }
dd { margin: 0; overflow-wrap: anywhere }
form { display: grid; gap: .5rem }
button { font: inherit; min-height: 3rem; padding: .5rem 1rem; text-align: left; cursor: pointer }
button { border: 1px solid #42526e; border-radius: .5rem; background: #fff }
button:first-of-type { background: #1f3a93; color: #fff }
button small { display: block }
select { font: inherit; min-height: 2.75rem; max-width: 100% }
"""


def payment_page(operation: Operation) -> str:
    """Where the visitor says what happens to the payment."""
    order = operation.order
    euros = f"{int(order['montant']) // 100},{int(order['montant']) % 100:02d} €"
    facts = (
        ("Montant", euros),
        ("Référence", order["refdet"]),
        ("Objet", order.get("objet", "")),
        ("Mail", order["mel"]),
        ("Mode", {"T": "essai", "X": "activation", "W": "réel"}[order["saisie"]]),
    )
    listed = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    buttons = "".join(
        f'<button name="resultat" value="{code}">{escape(label)}<small>{escape(said)}</small></button>'
        for code, label, said in CHOICES
    )
    return _page(
        "Page de paiement simulée",
        f"""<p class="note">Ceci remplace la page de paiement du Trésor public. Aucun argent ne circule.</p>
<dl>{listed}</dl>
<form method="post" action="">
<label>Le portail est averti {_select("avis", NOTICES)}</label>
<label>Le résultat est connu {_select("delai", DELAYS)}</label>
{buttons}
</form>""",
    )


def message_page(sentence: str) -> str:
    return _page("Page de paiement simulée", f'<p class="note">{escape(sentence)}</p>')


def _select(name: str, options: tuple[tuple[str, str], ...]) -> str:
    inside = "".join(f'<option value="{value}">{label}</option>' for value, label in options)
    return f'<select name="{name}">{inside}</select>'


def _page(title: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main><h1>{title}</h1>{content}</main></body></html>"
    )
