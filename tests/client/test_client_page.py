"""docs/client.md names all that is public."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from evolvisense import client
from evolvisense.client import AsyncClient, Client
from evolvisense.client.baselines import AsyncBaselines, Baselines

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "client.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(set(client.__all__) - {"Source"}))
def test_names_are_documented(name: str):
    assert f"`{name}" in PAGE
    assert getattr(client, name).__doc__


def methods(kind: type) -> dict[str, inspect.Signature]:
    return {
        name: inspect.signature(method)
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def test_methods_are_documented():
    for name in set(methods(Client)) - {"close"}:
        assert f"`{name}(" in PAGE or f"`{name}`" in PAGE


def test_both_clients_have_the_same_methods():
    blocking, waiting = methods(Client), methods(AsyncClient)
    assert blocking.keys() == waiting.keys()
    for name, signature in blocking.items():
        assert signature.parameters == waiting[name].parameters


def test_methods_of_baselines_are_documented_and_alike():
    blocking, waiting = methods(Baselines), methods(AsyncBaselines)
    assert blocking.keys() == waiting.keys()
    for name, signature in blocking.items():
        assert f"`baselines.{name}(" in PAGE
        assert signature.parameters == waiting[name].parameters
