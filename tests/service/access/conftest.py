"""Databases to test with."""

from tests.factory.databases import database_url, engine, postgres_url

__all__ = ["database_url", "engine", "postgres_url"]
