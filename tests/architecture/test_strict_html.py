"""The checker of HTML answers refuses what it must: one small bad page for each rule."""

import pytest

from tests.strict_html import RULES, Answer, HtmlFault, check, is_whole_page, parse

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'"
GOOD_BODY = """
<h1>Mes enfants</h1>
<p>Léo mange à la cantine&nbsp;: 3,20&nbsp;€, jusqu’à 10&nbsp;h. L’école est ouverte.</p>
<nav aria-label="Mois">
<a href="/planning" hx-get="/planning" hx-target="#jour" hx-swap="outerHTML">Janvier</a>
</nav>
<form id="jour" method="post" action="/jour" hx-post="/jour" hx-target="this" hx-swap="outerHTML">
<input type="hidden" name="csrf_token" value="abc">
<label for="nom">Nom</label><input id="nom" name="nom" aria-describedby="nom-aide"><p id="nom-aide">Aide</p>
<label><input type="checkbox" name="oui"> Oui</label>
<button name="day" value="1"><svg aria-hidden="true"><use href="/static/i.svg#x"></use></svg>Oui</button>
</form>
<form method="get" action="/voir"><input aria-label="Nom" name="q"><button type="submit">Voir</button></form>
<a href="https://www.example.org/">Le site</a> <a href="tel:+33565112233">Appeler</a>
<img src="/static/logo.png" alt="">
"""
FRAGMENT = '<section id="jour"><h2>Jeudi</h2></section>'


def page(
    body: str = GOOD_BODY, title: str = "Mes enfants – Portail famille", head: str = "", lang: str = "fr"
) -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="stylesheet" href="/static/a.css"><script src="/static/a.js" defer></script>{head}</head>'
        f"<body><main>{body}</main></body></html>"
    )


def answer(text: str, htmx: bool = False, signed_in: bool = True, **headers: str) -> Answer:
    soup, errors = parse(text)
    base = {"Cache-Control": "no-store", "Content-Security-Policy": POLICY, "Vary": "HX-Request, Cookie"}
    return Answer(
        address="/mes-enfants",
        text=text,
        soup=soup,
        parse_errors=errors,
        is_page=is_whole_page(text),
        asked_by_htmx=htmx,
        signed_in=signed_in,
        method="GET",
        status=200,
        headers=base | {name.replace("_", "-"): value for name, value in headers.items()},
    )


def with_body(extra: str) -> Answer:
    return answer(page(GOOD_BODY + extra))


def fragment(text: str, **headers: str) -> Answer:
    return answer(text, htmx=True, **headers)


BAD = [
    ("parse", with_body("<p><b>Un</p></b>")),
    ("parse", with_body("<p>un</p></section>")),
    ("parse", fragment('<section id="jour"><tr><td>perdu</td></tr></section>')),
    ("whole-page", answer(FRAGMENT)),
    ("lang", answer(page(lang="en"))),
    ("title", answer(page(title=""))),
    ("title", answer(page(title="Accueil – Portail famille"))),
    ("title", with_body("<h1>Encore</h1>")),
    ("title", answer(page("<p>sans titre</p>"))),
    ("ids", with_body('<p id="nom">deux</p>')),
    ("ids", with_body('<p id="">vide</p>')),
    ("references", with_body('<p aria-labelledby="absent">x</p>')),
    ("references", with_body('<label for="absent">x</label>')),
    ("references", with_body('<a href="#absent">x</a>')),
    ("python", with_body("<p>{{ name }}</p>")),
    ("python", with_body("<p>{% if x %}</p>")),
    ("python", with_body("<p>Votre quotient : None</p>")),
    ("python", with_body("<p>&lt;models.Child object at 0x7f&gt;</p>")),
    ("python", with_body('<a href="/mes-enfants/None">Léo</a>')),
    ("python", with_body('<p class="None">x</p>')),
    ("apostrophe", with_body("<p>L'école</p>")),
    ("apostrophe", with_body('<a href="/a" aria-label="Aller à l\'accueil">x</a>')),
    ("no-break-space", with_body("<p>Une question ?</p>")),
    ("no-break-space", with_body("<p>12,80 €</p>")),
    ("no-break-space", with_body("<p>« Valider »</p>")),
    ("no-break-space", with_body("<p>avant 10 h</p>")),
    ("label", with_body('<input name="seul">')),
    ("label", with_body("<select name=a><option>1</option></select>")),
    ("label", with_body("<label><textarea name=a></textarea></label>")),
    ("label", with_body('<a href="/a"><svg aria-hidden="true"></svg></a>')),
    ("label", with_body('<button type="button"><span aria-hidden="true">x</span></button>')),
    ("form", with_body('<form method="post"><input type="hidden" name="csrf_token" value="a"></form>')),
    ("form", with_body('<form method="post" action="/a"></form>')),
    ("form", with_body('<form method="post" action="/a"><input type="hidden" name="csrf_token"></form>')),
    ("form", with_body('<form action="/a"><input type="hidden" name="csrf_token" value="a"></form>')),
    ("form", with_body('<form method="dialog" action="/a"></form>')),
    ("button", with_body("<button>Rien</button>")),
    ("button", with_body('<form action="/a"><button type="reset">Vider</button></form>')),
    ("image", with_body('<img src="/a.png">')),
    ("image", with_body("<svg></svg>")),
    ("image", with_body('<svg role="img"></svg>')),
    ("inline", answer(page(head="<script>1</script>"))),
    ("inline", answer(page(head="<style>p{}</style>"))),
    ("inline", with_body('<p style="color:red">x</p>')),
    ("inline", with_body('<p onclick="x()">x</p>')),
    ("inline", with_body('<p hx-on:click="x()">x</p>')),
    ("inline", with_body('<a href="JavaScript:x()">x</a>')),
    ("inline", with_body('<img alt="" src="data:image/png;base64,AA">')),
    ("origin", answer(page(head='<link rel="stylesheet" href="https://cdn.example.org/a.css">'))),
    ("origin", answer(page(head='<script src="//cdn.example.org/a.js"></script>'))),
    ("origin", with_body('<img alt="" src="https://example.org/a.png">')),
    ("origin", with_body('<svg aria-hidden="true"><use href="https://example.org/a.svg#x"></use></svg>')),
    ("origin", with_body('<form action="https://example.org/"></form>')),
    ("origin", with_body('<a href="ftp://example.org/">x</a>')),
    ("origin", with_body('<iframe title="x"></iframe>')),
    ("htmx-attributes", with_body('<div hx-boost="true"></div>')),
    ("htmx-attributes", with_body('<div data-hx-get="/a"></div>')),
    ("htmx-attributes", with_body('<a href="/a" hx-delete="/a">x</a>')),
    ("htmx-explicit", with_body('<a href="/a" hx-get="/a" hx-swap="outerHTML">x</a>')),
    ("htmx-explicit", with_body('<a href="/a" hx-get="/a" hx-target="#nom">x</a>')),
    ("htmx-explicit", with_body('<a href="/a" hx-get="/a" hx-target="#absent" hx-swap="outerHTML">x</a>')),
    ("htmx-explicit", with_body('<a href="/a" hx-get="/a" hx-target="#nom" hx-swap="beforeend">x</a>')),
    ("htmx-explicit", with_body('<div hx-target="#nom"></div>')),
    ("htmx-twin", with_body('<a href="/a" hx-get="/b" hx-target="#nom" hx-swap="outerHTML">x</a>')),
    ("htmx-twin", with_body('<div hx-get="/b" hx-target="#nom" hx-swap="outerHTML">x</div>')),
    (
        "htmx-twin",
        with_body(
            '<form method="post" action="/a" hx-post="/b" hx-target="this" hx-swap="outerHTML">'
            '<input type="hidden" name="csrf_token" value="a"></form>'
        ),
    ),
    (
        "htmx-twin",
        with_body(
            '<form action="/a"><button hx-post="/a" hx-target="#nom" hx-swap="outerHTML">x</button></form>'
        ),
    ),
    ("fragment", fragment("<p>sans id</p>")),
    ("fragment", fragment('<p id="a">a</p><p id="b">b</p>')),
    ("fragment", fragment(FRAGMENT, Vary="Cookie")),
    ("out-of-band", with_body('<p id="x" hx-swap-oob="true">x</p>')),
    ("out-of-band", fragment(FRAGMENT + '<p hx-swap-oob="true">x</p>')),
    ("out-of-band", fragment(FRAGMENT + "".join(f'<p id="z{n}" hx-swap-oob="true">x</p>' for n in range(4)))),
    ("no-store", answer(page(), Cache_Control="private")),
    ("csp", answer(page(), Content_Security_Policy="")),
    ("csp", answer(page(), Content_Security_Policy="default-src 'self'; style-src 'unsafe-inline'")),
]


@pytest.mark.parametrize(
    "good",
    [
        answer(page()),
        answer(page(), signed_in=False, Cache_Control="max-age=60"),
        fragment(FRAGMENT),
        fragment(FRAGMENT + '<div hx-swap-oob="innerHTML:#annonces">Réservé</div>'),
        fragment(
            '<tr id="a"><td>1</td></tr><template><tr id="b" hx-swap-oob="true"><td>2</td></tr></template>'
        ),
        fragment("<p>Refusé</p>", HX_Retarget="#alertes"),
        with_body(
            '<div hx-get="/a" hx-target="this" hx-swap="outerHTML" hx-trigger="load"><a href="/a">x</a></div>'
        ),
        with_body("<textarea aria-label=Note name=a>tapé 'comme' l'on veut ?</textarea>"),
    ],
)
def test_a_good_answer_passes(good):
    check(good)


@pytest.mark.parametrize(
    ("name", "bad"), BAD, ids=[f"{name}-{number}" for number, (name, _) in enumerate(BAD)]
)
def test_a_bad_answer_is_refused(name, bad):
    with pytest.raises(HtmlFault, match=rf"(?s)/mes-enfants.*\[{name}\]"):
        check(bad)


def test_every_rule_has_a_bad_page():
    assert {name for name, _ in BAD} == set(RULES)


def test_a_rule_can_be_set_aside_by_name():
    check(with_body("<p>L'école</p>"), excused={"apostrophe"})
