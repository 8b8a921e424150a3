"""Commands of the safety net: back up, restore, move, look at the installation (R55, R60, security S60)."""

import sys
from pathlib import Path

import click
from flask import Flask, current_app
from sqlalchemy import make_url

import config
from adapters.backup_archive import ArchiveBroken
from adapters.database_copies import CopyFailed
from domain.errors import Refused
from domain.french import plural


def init_app(app: Flask) -> None:
    for command in (backup, restore, to_postgresql, check):
        app.cli.add_command(command)


@click.command("backup")
def backup() -> None:
    """Sauvegarde la base et les fichiers, chiffrés, puis vérifie en restaurant à part."""
    from services import backups

    try:
        done = backups.nightly(current_app.config["CLOCK"].now())
    except Refused as refusal:
        raise click.ClickException(refusal.message) from None
    problems = [outcome.problem for outcome in done.values() if outcome.problem]
    if problems:
        raise click.ClickException("\n".join(problems))
    made = done["backup"]
    click.echo(f"Sauvegarde faite et restaurée à part : {backups.folder() / made.file}")
    click.echo(f"Elle pèse {made.size / 1024**2:.1f} Mo.".replace(".", ",", 1))
    click.echo(
        f"Gardez ailleurs, en deux copies, les clés : {current_app.config['BACKUP_KEY']} "
        f"et {current_app.config['SEALING_KEYS']}"
    )


@click.command("restore")
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--remplacer", "replace", is_flag=True, help="Met de côté la commune qui est là.")
def restore(archive: Path, replace: bool) -> None:
    """Remet en place une sauvegarde. Arrêtez d’abord le portail."""
    from services import restores

    try:
        back = restores.restore(archive, replace=replace, now=current_app.config["CLOCK"].now())
    except Refused as refusal:
        raise click.ClickException(refusal.message) from None
    except (ArchiveBroken, CopyFailed) as error:
        raise click.ClickException(
            f"Cette sauvegarde ne peut pas être restaurée, rien n’a changé : {error}"
        ) from None
    click.echo(f"La sauvegarde du {back.made_at:%d/%m/%Y à %H:%M} (temps universel) est en place.")
    rows, files = plural(back.rows, "ligne", "lignes"), plural(back.files, "fichier", "fichiers")
    click.echo(f"{rows}, {files}. Chacun doit se connecter de nouveau.")
    if back.frozen_mails:
        mails = plural(back.frozen_mails, "mail en attente est gardé", "mails en attente sont gardés")
        click.echo(f"{mails} sans partir : peut-être étaient-ils déjà partis. Réglages › Mails les montre.")
    if back.put_aside:
        click.echo(f"Ce qui était là est gardé dans {back.put_aside}.")
    click.echo("Relancez le portail : il met la base à jour s’il le faut.")


@click.command("vers-postgresql")
@click.argument("address", metavar="ADRESSE")
def to_postgresql(address: str) -> None:
    """Fait passer la commune de SQLite à PostgreSQL. Arrêtez d’abord le portail.

    ADRESSE est celle d’une base vide : postgresql:///portail ou postgresql://compte@serveur/base
    """
    from services import database_moves

    folder, now = str(config.ROOT / "migrations"), current_app.config["CLOCK"].now()
    try:
        moved = database_moves.move(config.with_driver(address), folder, now)
    except Refused as refusal:
        raise click.ClickException(refusal.message) from None
    rows, tables = plural(moved.rows, "ligne", "lignes"), plural(moved.tables, "table", "tables")
    click.echo(f"Tout est dans PostgreSQL et a été comparé : {rows} de {tables}, comptes, journal, scellés.")
    click.echo("Réglez maintenant, dans portail.toml (ou DATABASE_URL), puis relancez le portail :")
    click.echo(f'  database_url = "{make_url(address).render_as_string(hide_password=True)}"')
    click.echo(f"La base SQLite reste là, sans plus rien accepter. Sauvegarde d’avant : {moved.backup}")


@click.command("verifier")
@click.option("--adopter", "adopt", is_flag=True, help="Les clés et dossiers d’ici sont ceux de tous.")
def check(adopt: bool) -> None:
    """Dit ce qui est sûr et ce qui ne l’est pas dans cette installation."""
    from services import self_check, servers
    from services.self_check import Gravity

    if adopt:
        servers.adopt(current_app.config["CLOCK"].now())

    signs = {Gravity.FINE: "bon      ", Gravity.WARNING: "à voir   ", Gravity.UNSAFE: "DANGEREUX"}
    findings = [*self_check.installation(), self_check.journal()]
    for finding in findings:
        click.echo(f"{signs[finding.gravity]}  {finding.sentence}")
    if any(finding.gravity is Gravity.UNSAFE for finding in findings):
        click.echo("Le portail ne démarrera pas ainsi.")
        sys.exit(1)
