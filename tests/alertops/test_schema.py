"""The description of the API: valid OpenAPI, with a name for everything, and nothing left out."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from tests.alertops.doors import HOLE, doors

HOLES = re.compile(r"\{\w+\}")


def test_the_description_is_valid_and_nothing_in_it_is_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options: dict[str, Any] = {"fail_on_warn": True, "validate": True}
    try:
        call_command("spectacular", file=str(tmp_path / "schema.yml"), **options)
    except Exception as error:
        pytest.fail(f"{error}\n{capsys.readouterr().err}")
    assert "openapi: 3" in (tmp_path / "schema.yml").read_text()


@pytest.mark.django_db
def test_every_address_of_the_api_is_described(client: Client) -> None:
    described = client.get("/api/schema/", {"format": "json"}).json()["paths"]
    paths = {HOLES.sub("*", path) for path in described}
    ours = {HOLE.sub("*", door.path) for door in doors() if door.path.startswith("/api/v1/")}
    assert len(ours) > 60
    assert ours - paths == set()
