"""Pieces of a règlement for the small worlds of tests: bare trees, as docs/reglement-format.md has it."""

import hashlib
import json
from copy import deepcopy
from typing import Any

EVERY_DAY = {"base": "tous", "sans_feries": "non", "sans_vacances": "non"}
SCHOOL_DAYS = {"base": "ecole", "sans_feries": "oui", "sans_vacances": "oui"}
ALWAYS = {"etapes": [], "ensuite": "libre"}
NEVER = {"etapes": [], "ensuite": "refus"}


def days_before(days: int, clock: str, count: dict = EVERY_DAY, limit: str = "incluse") -> dict[str, Any]:
    return {
        "forme": "jours_avant",
        "jours": str(days),
        "compte": count,
        "francs": "non",
        "heure": clock,
        "limite": limit,
    }


def until(cutoff: dict[str, Any], effect: str = "libre", then: str = "refus") -> dict[str, Any]:
    """One stage, then what comes after it."""
    return {"etapes": [{"jusqu_a": cutoff, "effet": effect}], "ensuite": then}


EVENING_BEFORE = until(days_before(1, "18:00"))
ROUNDING = {"au": "0.01", "vers": "plus_proche", "apres": ["total"]}
QUOTIENT = {
    "inconnu": "ligne_inconnu",
    "pris_au": "jour_du_service",
    "changement": "immediat",
    "retroactif": "non",
    "validite": "sans_fin",
    "garde_alternee": "non_prevu",
    "arrondi": None,
}


def empty() -> dict[str, Any]:
    """A règlement that says nothing yet."""
    return {
        "reglement": {"nom": "Règlement 2026-2027"},
        "calendrier": {
            "jours_d_ecole": ["lundi", "mardi", "jeudi", "vendredi"],
            "jours_feries": [],
            "vacances": [],
        },
        "faits": {"residence": ["commune", "hors_commune"]},
        "quotient": dict(QUOTIENT),
        "activites": {},
    }


def ladder(action: str, stages: dict[str, Any]) -> dict[str, Any]:
    """The limits of one action, by any channel."""
    return {"actions": [action], "canaux": "tous"} | deepcopy(stages)


def activity(label: str, limits: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "nom": label,
        "ouverture": {"jours": ["lundi", "mardi", "mercredi", "jeudi", "vendredi"], "ecole": "oui",
                      "vacances": "oui", "feries": "non"},
        "delais": limits,
    }  # fmt: skip


def add_absences(tree: dict[str, Any], name: str) -> None:
    """As many towns write: a strike leaves nothing due, nor an illness with a certificate within 48 h."""
    tree["faits"]["cause"] = ["maladie", "greve", "sortie_scolaire", "autre"]
    proof = {"sous": "48", "unite": "heures", "depuis": "premier_jour", "heure": "00:00"}
    sick = {"nom": "maladie justifiée", "si": {"cause": "maladie"}, "justificatif": proof, "du": "rien"}
    tree["activites"][name]["absences"] = [
        {"nom": "grève", "si": {"cause": "greve"}, "du": "rien"},
        sick,
        {"nom": "absence non justifiée", "si": "toujours", "du": "tout"},
    ]


def add_price(tree: dict[str, Any], name: str, formula: str, value: Any) -> None:
    """The price of a presence type, among those of its activity."""
    formulas = tree["faits"].setdefault("formule", [])
    if formula not in formulas:
        formulas.append(formula)
    tariff = tree["activites"][name].setdefault(
        "tarif", {"prix": {"cas": [], "sinon": None}, "arrondi": ROUNDING}
    )
    tariff["prix"]["cas"].append({"si": {"formule": formula}, "valeur": value})


def table(*rows: dict[str, Any]) -> dict[str, Any]:
    """A table over the facts that its rows name."""
    facts = [name for name in rows[0] if name != "valeur"]
    return {"table": {"selon": facts, "trous": "refuser", "lignes": list(rows)}}


def columns(tree: dict[str, Any]) -> dict[str, Any]:
    """What a row of RulebookVersion holds of a tree (JSON is read as YAML)."""
    text = json.dumps(tree, ensure_ascii=False)
    return {
        "name": tree["reglement"]["nom"],
        "text": text,
        "tree": deepcopy(tree),
        "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
    }
