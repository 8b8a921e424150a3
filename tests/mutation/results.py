"""What the last runs found, kept in results.json with the reason of each survivor, and the page of it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutation import child, operators

KEPT = Path(__file__).with_name("results.json")
PAGE = child.ROOT / "docs" / "mutation.md"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The faults of one kind put into one module (one in `every`), and those that no test noticed."""

    path: Path
    kind: str
    every: int
    faults: int
    survivors: tuple[operators.Mutant, ...]

    def __str__(self) -> str:
        killed = self.faults - len(self.survivors)
        share = f" ({killed / self.faults:.1%})" if self.faults else ""
        return f"{self.path} : {self.faults} faults of {self.kind}, {killed} noticed{share}"


def load() -> dict[str, Any]:
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}


def known_modules() -> list[Path]:
    return [Path(path) for path in sorted(load())]


def is_known(path: Path, kind: str) -> bool:
    return kind in load().get(str(path), {})


def survivors_of(path: Path, kind: str) -> tuple[int, int, set[tuple[str, str, str]]]:
    """Of the last run: one fault in how many was tried, how many that makes, and those that survived."""
    found = load()[str(path)][kind]
    return found["every"], found["faults"], {_identity(one) for one in found["survivors"]}


def keep(outcome: Outcome) -> None:
    """Replaces what was known of this module; the reasons of survivors that are still there stay."""
    kept = load()
    module = kept.setdefault(str(outcome.path), {})
    before = module.get(outcome.kind, {}).get("survivors", ())
    reasons = {_identity(one): one["reason"] for one in before}
    module[outcome.kind] = {
        "every": outcome.every,
        "faults": outcome.faults,
        "survivors": [_plain(one, reasons.get(one.identity, "")) for one in outcome.survivors],
    }
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def _identity(plain: dict[str, str]) -> tuple[str, str, str]:
    return plain["in"], plain["written"], plain["instead"]


def _plain(mutant: operators.Mutant, reason: str) -> dict[str, str]:
    where, written, instead = mutant.identity
    return {"in": where, "written": written, "instead": instead, "reason": reason}


def write_page() -> None:
    PAGE.write_text(page(load()), encoding="utf-8")


def page(kept: dict[str, Any]) -> str:
    """docs/mutation.md."""
    return _INTRODUCTION + "\n".join([*_table(kept), "", *_all_survivors(kept)]) + "\n"


_INTRODUCTION = """\
# Do the tests notice?

Small faults are put into `domain/` and `services/change_requests/`, one at a time: a comparison turned
round, a bound moved by one, a word changed, a step left out. The tests that run the faulty line must fail.
Faults that none notices are listed below with the reason.

```
.venv/bin/python -m tests.mutation domain/rulebook/days.py     one or several modules
.venv/bin/python -m tests.mutation                             every module, the smallest first
.venv/bin/python -m tests.mutation --again                     the survivors only, once tests were added
.venv/bin/python -m tests.mutation --wording domain/labels.py  the sentences too
.venv/bin/python -m tests.mutation --page                      write this page again
```

One process, no other tool (docs/adr/0004-mutation.md). The tests are `tests/domain` and `tests/cases`,
for services those of declared changes, each run with its own database; hypothesis draws the same examples
each time. A run replaces the figures of its modules in `tests/mutation/results.json`; a
reason is written there by hand and stays as long as its survivor does.

Left out: annotations, decorators, docstrings, error messages and other sentences (`--wording`),
`strict=` and the other guards against a programmer's slip.

"""
_UNEXPLAINED = "not looked at yet"


def _table(kept: dict[str, Any]) -> list[str]:
    rows, total, lost = [], 0, 0
    for path, kinds in sorted(kept.items()):
        found = kinds.get(operators.LOGIC)
        if found and found["faults"]:
            survivors = len(found["survivors"])
            total, lost = total + found["faults"], lost + survivors
            share = "" if found["every"] == 1 else f" (one fault in {found['every']})"
            rows.append(_row(f"`{path}`{share}", found["faults"], survivors))
    head = ["| Module | Faults | Noticed | Survivors | |", "|---|---:|---:|---:|---:|"]
    return [*head, *rows, _row("**Together**", total, lost)] if total else head


def _row(name: str, faults: int, survivors: int) -> str:
    killed = faults - survivors
    return f"| {name} | {faults} | {killed} | {survivors} | {killed / faults:.1%} |"


def _all_survivors(kept: dict[str, Any]) -> list[str]:
    lines = ["## Survivors", ""]
    for path, kinds in sorted(kept.items()):
        for found in kinds.get(operators.LOGIC, {}).get("survivors", ()):
            where = f"`{path.removeprefix('domain/')}`, {found['in'] or 'module'}"
            fault = f"`{_short(found['written'])}` → `{_short(found['instead'])}`"
            lines.append(f"- {where}: {fault}: {found['reason'] or _UNEXPLAINED}.")
    return lines


def _short(code: str) -> str:
    return code if len(code) <= _MOST_SHOWN else f"{code[:_MOST_SHOWN]}…"


_MOST_SHOWN = 90
