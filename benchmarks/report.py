"""How a measured figure is told: its value, its limit, whether it is held."""

import click


def tell(name: str, value: float, limit: float, unit: str = "") -> None:
    """One line of the report. `limit` is the most that the figure may be."""
    verdict = "held" if value <= limit else "MISSED"
    click.echo(f"{name:44} {value:8.2f} {unit:3} at most {limit:g} {unit}: {verdict}")
