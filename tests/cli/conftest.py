"""Databases to test with."""

from tests.factory.databases import postgres_url

__all__ = ["postgres_url"]
