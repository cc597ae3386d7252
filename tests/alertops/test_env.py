import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from alertops import database, env, secret


@pytest.mark.parametrize("text", ["1", "yes", "True", " on "])
def test_yes_is_yes(text: str) -> None:
    assert env.env_bool("X", environ={"X": text}) is True


@pytest.mark.parametrize("text", ["0", "no", "False", "OFF"])
def test_no_is_no(text: str) -> None:
    assert env.env_bool("X", True, environ={"X": text}) is False


@pytest.mark.parametrize("text", ["maybe", "2", "ja"])
def test_a_yes_no_setting_refuses_nonsense_in_one_sentence(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^X must be yes or no, not '{text}'.$"):
        env.env_bool("X", environ={"X": text})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("abc", "X must be a whole number, not 'abc'."),
        ("1.5", "X must be a whole number, not '1.5'."),
        ("0", "X must be between 1 and 9, not 0."),
        ("10", "X must be between 1 and 9, not 10."),
    ],
)
def test_a_number_setting_refuses_nonsense_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured) as raised:
        env.env_int("X", 5, least=1, most=9, environ={"X": text})
    assert str(raised.value) == sentence


def test_an_empty_variable_is_an_unset_one() -> None:
    assert env.env_int("X", 5, environ={"X": " "}) == 5
    assert env.env_str("X", "default", environ={"X": ""}) == "default"
    assert env.env_list("X", environ={"X": " a, ,b "}) == ["a", "b"]


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_SET", "from outside")
    monkeypatch.delenv("TEST_UNSET", raising=False)
    file = tmp_path / ".env"
    file.write_text("# a comment\nTEST_SET=file\nTEST_UNSET='from the file'\n")
    env.load_file(file)
    assert env.env_str("TEST_SET") == "from outside"
    assert env.env_str("TEST_UNSET") == "from the file"
    monkeypatch.delenv("TEST_UNSET")


def test_a_broken_line_of_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("GOOD=1\nnonsense\n")
    with pytest.raises(ImproperlyConfigured, match=r"^\.env line 2 is not NAME=value\.$"):
        env.load_file(file)


def test_a_database_url_is_taken_apart(tmp_path: Path) -> None:
    entry = database.settings("postgresql://me:p%40ss@db.example:6432/alerts", tmp_path)
    assert (entry["USER"], entry["PASSWORD"], entry["HOST"]) == ("me", "p@ss", "db.example")
    assert (entry["NAME"], entry["PORT"]) == ("alerts", "6432")


def test_another_database_than_postgresql_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="must begin with postgresql://"):
        database.settings("mysql://localhost/x", tmp_path)


def test_a_port_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="The port in DATABASE_URL must be a number"):
        database.settings("postgresql://host:five/x", tmp_path)


def test_a_server_that_vanishes_is_noticed_in_seconds(tmp_path: Path) -> None:
    options = database.settings("postgresql://h/x?connect_timeout=2", tmp_path)["OPTIONS"]
    assert options["connect_timeout"] == "2"
    assert options["tcp_user_timeout"] <= 15_000


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret_key"
    key = secret.stored_key(path)
    assert len(key) >= 64
    assert secret.stored_key(path) == key
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ImproperlyConfigured, match="set VAR_DIR to a folder that can"):
        secret.stored_key(blocked / "var" / "secret_key")


def test_the_example_file_lists_every_variable_that_is_read() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    source = (root / "alertops" / "settings.py").read_text()
    read = set(re.findall(r'env_(?:str|bool|int|list|url)\(\s*"(\w+)"', source))
    listed = set(re.findall(r"^# (\w+)=", (root / ".env.example").read_text(), re.MULTILINE))
    assert read - listed == set()
    assert listed - read == set()
