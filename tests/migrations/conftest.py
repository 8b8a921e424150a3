"""Databases that migrations make, on the chosen engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

import config
from app import create_app
from extensions import db
from tests.conftest import settings_for_tests

MIGRATIONS = config.ROOT / "migrations"


@pytest.fixture
def empty_url(database_url: str, tmp_path: Path) -> Iterator[str]:
    """A database of its own on the chosen engine, without any table."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path / 'town.db'}"
        return
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE DATABASE town")
        yield sa.make_url(database_url).set(database="town").render_as_string(hide_password=False)
        connection.execute("DROP DATABASE town WITH (FORCE)")


@pytest.fixture
def bare_town(empty_url: str, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database without any table."""
    app = create_app(settings_for_tests(empty_url, tmp_path))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def town(bare_town: Flask) -> Flask:
    """An application whose database was made by the migrations."""
    migrate_to(bare_town, "head")
    return bare_town


def migrate_to(app: Flask, revision: str) -> None:
    with app.app_context():
        flask_migrate.upgrade(directory=str(MIGRATIONS), revision=revision)
        db.session.remove()


def write(table: str, *rows: dict[str, Any]) -> None:
    """Insert rows in the table as it is now; a column that must hold something and is not given is empty."""
    with db.engine.execution_options(write=True).begin() as connection:
        found = sa.Table(table, sa.MetaData(), autoload_with=connection)
        given = {"id", *rows[0]}
        lacking = [one for one in found.columns if not one.nullable and one.name not in given]
        empty = {column.name: column.type.python_type() for column in lacking}
        connection.execute(found.insert(), [empty | row for row in rows])
