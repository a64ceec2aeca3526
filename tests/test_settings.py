"""Settings: where a value comes from, what is refused, and that each is documented."""

from __future__ import annotations

import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from augury.settings import ClientSettings, Settings, SettingsError

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting in the environment but the data folder, which is new and empty."""
    for name in list(os.environ):
        if name.upper().startswith("AUGURY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AUGURY_DATA", str(tmp_path))
    return tmp_path


def write_file(folder: Path, text: str) -> None:
    (folder / "augury.toml").write_text(text)


def test_without_anything_each_setting_has_its_default() -> None:
    settings = Settings.load()
    assert (settings.host, settings.port, settings.max_wait, settings.max_body) == ("127.0.0.1", 8080, 60.0, 32 * 2**20)
    assert settings.origin("port") == "default"


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_file(tmp_path, 'host = "1.1.1.1"\nport = 1\nlease = "1m"\n')
    monkeypatch.setenv("AUGURY_HOST", "2.2.2.2")
    monkeypatch.setenv("AUGURY_PORT", "2")
    settings = Settings.load(port=3, max_workers=None)
    assert (settings.port, settings.host, settings.lease) == (3, "2.2.2.2", 60.0)
    assert [settings.origin(name) for name in ("port", "host", "lease", "max_workers")] == [
        "given", "environment", "file", "default",
    ]  # fmt: skip


def test_the_data_folder_that_was_given_says_where_the_file_is(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write_file(other, "port = 9\n")
    assert Settings.load(data=other).port == 9
    assert Settings.load().port == 8080


def test_a_file_that_is_named_is_read_and_must_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_file(tmp_path, "port = 1\n")
    named = tmp_path / "named.toml"
    monkeypatch.setenv("AUGURY_CONFIG", str(named))
    with pytest.raises(SettingsError, match=r"AUGURY_CONFIG names .*named\.toml, which is not there"):
        Settings.load()
    named.write_text("port = 2\n")
    assert Settings.load().port == 2


def test_an_unknown_variable_is_refused_with_the_name_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGURY_MAX_WIAT", "5")
    with pytest.raises(SettingsError, match=r"^AUGURY_MAX_WIAT in the environment.*did you mean AUGURY_MAX_WAIT\?"):
        Settings.load()
    with pytest.raises(SettingsError, match="AUGURY_MAX_WIAT"):
        ClientSettings.load()


def test_an_unknown_variable_like_no_other_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGURY_XYZZY", "5")
    with pytest.raises(SettingsError, match="AUGURY_XYZZY in the environment is no setting; `augury settings`"):
        Settings.load()


def test_an_unknown_key_of_the_file_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    write_file(tmp_path, "run_time_out = 5\n")
    with pytest.raises(SettingsError, match=r"run_time_out in .*augury\.toml.*did you mean run_timeout\?"):
        Settings.load()


@pytest.mark.parametrize("text", ["port = ", "\xff", "port = 1\nport = 2"])
def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "augury.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"augury\.toml cannot be read: "):
        Settings.load()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"), ("PORT", "70000"), ("PORT", "-1"),
        ("MAX_BODY", "32 apples"), ("MAX_BODY", "-5"), ("MAX_BODY", "0"), ("LEASE", "0"),
        ("MAX_WAIT", "nan"), ("MAX_WAIT", "inf"), ("MAX_WAIT", "-1"), ("MAX_WAIT", "1e9"), ("MAX_WAIT", "5 parsecs"),
        ("SQLITE_SYNC", "off"), ("LOG_LEVEL", "loud"), ("DATABASE_URL", "mysql://x"), ("BLOBS_URL", "ftp://x"),
        ("PUBLIC_URL", "example.org"), ("PUBLIC_URL", "https://"), ("FETCH_ALLOW", "10.0.0.0/33"), ("MAX_WORKERS", "0"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_by_the_variable_that_has_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"AUGURY_{name}", value)
    with pytest.raises(SettingsError, match=f"^AUGURY_{name} in the environment: "):
        Settings.load()


@pytest.mark.parametrize("line", ["max_wait = true", "max_body = true", "max_body = 1.5", "port = 'x'", "host = 5"])
def test_a_value_of_the_file_that_does_not_fit_is_refused_by_its_key(tmp_path: Path, line: str) -> None:
    write_file(tmp_path, line)
    with pytest.raises(SettingsError, match=rf"^{line.split()[0]} in .*augury\.toml: "):
        Settings.load()


def test_every_value_that_does_not_fit_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGURY_PORT", "x")
    monkeypatch.setenv("AUGURY_LEASE", "y")
    with pytest.raises(SettingsError, match=r"AUGURY_PORT[\s\S]*AUGURY_LEASE"):
        Settings.load()


def test_the_usual_hold_may_not_be_over_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGURY_MAX_WAIT", "10")
    with pytest.raises(SettingsError, match=r"default_wait \(60 s\) is over max_wait \(10 s\)"):
        Settings.load()


def test_an_empty_variable_is_as_if_it_were_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGURY_PORT", "")
    assert Settings.load().port == 8080


def test_networks_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGURY_FETCH_ALLOW", "10.0.0.0/8, fd00::/8,192.168.1.4,")
    assert Settings.load().fetch_allow == (
        ip_network("10.0.0.0/8"),
        ip_network("fd00::/8"),
        ip_network("192.168.1.4/32"),
    )


def test_the_table_shows_values_as_people_write_them_and_no_password() -> None:
    settings = Settings(database_url="postgresql://ann:se/cret@db/augury", max_body=2**20, run_timeout=5400)
    shown = {one.name: one.shown for one in settings.table()}
    assert shown["database_url"] == "postgresql://ann:***@db/augury"
    assert (shown["max_body"], shown["run_timeout"]) == ("1MiB", "90m")


def test_what_the_table_shows_is_read_back_as_the_same_value() -> None:
    before = Settings()
    again = Settings.load(**{one.name: one.shown for one in before.table() if one.shown})
    assert again.model_dump() == before.model_dump()


def test_settings_that_were_made_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.port = 5  # pyright: ignore[reportAttributeAccessIssue]


def test_settings_made_by_hand_read_nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGURY_PORT", "5")
    assert Settings().port == 8080


def test_rows_and_bytes_are_kept_in_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    settings = Settings.load()
    assert settings.database == f"sqlite:///{tmp_path}/augury.db"
    assert settings.blobs == f"file://{tmp_path}/blobs"
    assert Settings(database_url="postgresql://db/x").database == "postgresql://db/x"


def test_the_client_has_an_address_and_a_token_that_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGURY_URL", "http://127.0.0.1:8080/")
    monkeypatch.setenv("AUGURY_TOKEN", "very-secret")
    client = ClientSettings.load()
    assert client.url == "http://127.0.0.1:8080"
    assert client.token is not None
    assert client.token.get_secret_value() == "very-secret"
    assert "very-secret" not in repr(client)
    Settings.load()


def test_a_client_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGURY_URL", "localhost:8080")
    with pytest.raises(SettingsError, match=r"^AUGURY_URL in the environment: should be an address"):
        ClientSettings.load()


def test_each_setting_has_help_and_is_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    for one in Settings().table():
        assert one.help.endswith("."), one.name
        assert f"| `{one.variable}` | `{one.name}` |" in text
        assert one.help in text
    for name in ClientSettings.model_fields:
        assert f"`AUGURY_{name.upper()}`" in text


def test_the_page_of_settings_is_what_its_script_writes() -> None:
    script = ROOT / "scripts" / "settings_docs.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_secret_keys_are_long_and_the_newest_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    new, old = "n" * 32, "o" * 40
    monkeypatch.setenv("AUGURY_SECRET_KEY", f"{new}, {old}")
    settings = Settings.load()
    assert settings.secret_keys == (new, old)
    assert all(new not in one.shown for one in settings.table())

    monkeypatch.setenv("AUGURY_SECRET_KEY", f"{new},short")
    with pytest.raises(SettingsError, match="32 characters"):
        Settings.load()
