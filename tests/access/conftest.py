"""Databases to test with."""

from tests.factory.databases import database_url, engine

__all__ = ["database_url", "engine"]
