"""The embedded PostgreSQL, for real: started, killed, moved out of reach."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from alertops import embedded_place, embedded_postgres
from alertops.embedded_place import Place, Unavailable

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has this problem")


@pytest.fixture(scope="module")
def var_dir() -> Iterator[Path]:
    """A var/ that any user may enter, as in an ordinary checkout."""
    folder = Path(tempfile.mkdtemp(prefix="alertops-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    _remove(folder)


@pytest.fixture
def place(var_dir: Path) -> Place:
    """The running server; made once for the module."""
    return embedded_postgres.ensure_running(var_dir)


def _remove(var_dir: Path) -> None:
    place = embedded_place.find(var_dir)
    embedded_postgres.stop(place, patience=2.0)
    for folder in (Path(place.home), Path(place.socket_dir), var_dir):
        shutil.rmtree(folder, ignore_errors=True)


def _pid(place: Place) -> int:
    return int(place.data.joinpath("postmaster.pid").read_text().split()[0])


def _kill(place: Place) -> None:
    pid = _pid(place)
    os.kill(pid, signal.SIGKILL)
    while embedded_postgres.is_ready(place):
        time.sleep(0.01)


def _write(place: Place, number: int) -> None:
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def _has(place: Place, number: int) -> bool:
    with psycopg.connect(place.url) as connection:
        row = connection.execute("SELECT FROM kept WHERE number = %s", [number]).fetchone()
    return row is not None


def test_it_is_started_once_and_shared(var_dir: Path, place: Place) -> None:
    pid = _pid(place)
    assert embedded_postgres.ensure_running(var_dir) == place
    assert _pid(place) == pid
    assert embedded_postgres.is_up(var_dir)


def test_what_is_committed_is_on_disk(place: Place) -> None:
    with psycopg.connect(place.url) as connection:
        for name, value in {"fsync": "on", "synchronous_commit": "on"}.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)


def test_it_listens_on_no_network(place: Place) -> None:
    with psycopg.connect(place.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert Path(place.socket_dir).stat().st_mode & 0o077 == 0


def test_it_has_a_session_of_its_own_so_ctrl_c_does_not_reach_it(place: Place) -> None:
    assert os.getsid(_pid(place)) == _pid(place)


@as_root
def test_it_never_runs_as_root(place: Place) -> None:
    assert Path(f"/proc/{_pid(place)}").stat().st_uid != 0


def test_it_comes_back_after_kill_9_with_every_commit(var_dir: Path, place: Place) -> None:
    _write(place, 1)
    _kill(place)
    embedded_postgres.ensure_running(var_dir)
    assert _has(place, 1)


def test_a_stale_pid_file_naming_a_stranger_is_no_obstacle(var_dir: Path, place: Place) -> None:
    """After a reboot the number may be anybody's; here it is this test's."""
    file = place.data / "postmaster.pid"
    lines = file.read_text().splitlines()
    _write(place, 2)
    embedded_postgres.stop(place)
    file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not embedded_postgres.is_ready(place)
    embedded_postgres.ensure_running(var_dir)
    assert _has(place, 2)


def test_many_may_start_it_at_once(var_dir: Path, place: Place) -> None:
    embedded_postgres.stop(place)
    with ThreadPoolExecutor(6) as pool:
        places = list(pool.map(embedded_postgres.ensure_running, [var_dir] * 6))
    assert places == [place] * 6
    assert embedded_postgres.is_ready(place)


def test_stopping_is_idempotent(var_dir: Path, place: Place) -> None:
    embedded_postgres.stop(place)
    embedded_postgres.stop(place)
    assert not embedded_postgres.is_up(var_dir)


def test_whoever_started_it_stops_it_unless_somebody_uses_it(var_dir: Path, place: Place) -> None:
    embedded_postgres.stop(place)
    with embedded_postgres.while_needed(var_dir):
        assert embedded_postgres.is_ready(place)
    assert not embedded_postgres.is_ready(place)
    with embedded_postgres.while_needed(var_dir):
        other = psycopg.connect(place.url)
    assert embedded_postgres.is_ready(place)
    other.close()


def test_a_deep_checkout_gets_a_short_socket_folder(var_dir: Path) -> None:
    deep = var_dir / "/".join(["a-rather-long-folder-name"] * 6)
    deep.mkdir(parents=True)
    chosen = embedded_postgres.ensure_running(deep)
    _remove(deep)
    assert len(f"{chosen.socket_dir}/{embedded_postgres.SOCKET}") < 100
    assert chosen.home.startswith(str(deep))


@as_root
def test_a_checkout_only_root_may_enter_stays_closed(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o700)
    var_dir = locked / "var"
    var_dir.mkdir()
    try:
        place = embedded_postgres.ensure_running(var_dir)
        assert embedded_postgres.is_ready(place)
        assert not place.home.startswith(str(locked))
        assert locked.stat().st_mode & 0o777 == 0o700
        assert embedded_place.find(var_dir) == place
    finally:
        _remove(var_dir)


@as_root
def test_programs_its_user_cannot_reach_are_copied_to_where_it_can(
    var_dir: Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = embedded_place.owner(place)
    assert user is not None
    monkeypatch.setattr(embedded_place, "_may_run", lambda program, user: False)
    programs = embedded_place.binaries(place, user)
    monkeypatch.undo()
    assert str(programs).startswith(place.home)
    assert embedded_place._may_run(programs / "postgres", user)


def test_the_place_is_remembered_but_a_copied_checkout_gets_its_own(
    var_dir: Path, place: Place
) -> None:
    copy = var_dir / "copy"
    copy.mkdir(exist_ok=True)
    shutil.copy(var_dir / "postgres.json", copy)
    assert embedded_place.find(var_dir) == place
    assert embedded_place.find(copy).home == str(copy / "postgres")


def test_data_of_another_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    home = tmp_path / "postgres"
    (home / "data").mkdir(parents=True)
    (home / "data" / "PG_VERSION").write_text("12\n")
    place = Place(str(tmp_path), str(home), str(home / "socket"))
    with pytest.raises(Unavailable, match=r"was made by PostgreSQL 12, this is 18\."):
        embedded_postgres._check_version(place)
