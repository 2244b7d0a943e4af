"""The vault: documents by their hash, whole or not at all, and forgotten when they must be."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tanshu.base import vault as vaults
from tanshu.base.refusal import Refused
from tanshu.base.vault import Vault, folder_for


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "papers")


def refused(call, *args) -> str:
    with pytest.raises(Refused) as no:
        call(*args)
    assert no.value.refusal.sentence("zh") and no.value.refusal.sentence("en")
    return no.value.refusal.code


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(data=st.binary(min_size=1, max_size=300))
def test_what_is_put_comes_back_under_the_hash_of_its_bytes(vault: Vault, data: bytes):
    kept = vault.put(data)
    assert (kept.sha256, kept.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert vault.get(kept.sha256) == data == vault.get(vault.put(data).sha256)


def test_only_the_owner_reads_and_nothing_half_written_stays(vault: Vault):
    kept = vault.put(b"licence")
    files = [path for path in vault.folder.rglob("*") if path.is_file()]
    assert [path.parent.name + path.name for path in files] == [kept.sha256]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700


def test_a_forgotten_document_is_gone_and_can_come_back(vault: Vault):
    kept = vault.put(b"identity card")
    assert vault.has(kept.sha256) and vault.forget(kept.sha256)
    assert not vault.has(kept.sha256) and not vault.forget(kept.sha256)
    assert refused(vault.get, kept.sha256) == "BASE-1401"
    assert vault.put(b"identity card") == kept and vault.get(kept.sha256) == b"identity card"


def test_an_altered_document_is_not_handed_out(vault: Vault):
    kept = vault.put(b"licence of plant A")
    path = vault.folder / kept.sha256[:2] / kept.sha256[2:]
    path.write_bytes(b"licence of plant B")
    assert refused(vault.get, kept.sha256) == "BASE-1402"


@pytest.mark.parametrize("name", ["", "..", "../" * 3 + "etc/passwd", "A" * 64, "0" * 63, "g" * 64])
@pytest.mark.parametrize("call", ["get", "has", "forget"])
def test_only_hashes_name_documents(vault: Vault, call: str, name: str):
    assert refused(getattr(vault, call), name) == "BASE-1403"


def test_empty_and_huge_documents_are_not_taken(vault: Vault, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vaults, "SIZE_MAX", 3)
    assert refused(vault.put, b"") == "BASE-1405"
    assert refused(vault.put, b"four") == "BASE-1404"
    assert vault.put(b"two").size == 3


def test_a_folder_that_cannot_be_one_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    vault = Vault(tmp_path / "file")
    assert refused(vault.put, b"licence") == "BASE-1406"
    assert refused(vault.get, "0" * 64) == "BASE-1406"
    assert refused(vault.forget, "0" * 64) == "BASE-1406"
    assert refused(vault.salt, b"key") == "BASE-1406"


def test_a_salt_follows_from_the_vault_and_what_it_is_for(vault: Vault, tmp_path: Path):
    again, other = Vault(vault.folder), Vault(tmp_path / "other")
    assert vault.salt(b"key") == again.salt(b"key") != vault.salt(b"other key")
    assert vault.salt(b"key") != other.salt(b"key")
    assert len(bytes.fromhex(vault.salt(b"key"))) == 16


@pytest.mark.parametrize(
    ("url", "asked", "environment", "folder"),
    [
        ("sqlite:///data/tanshu.db", None, None, "data/tanshu.vault"),
        ("sqlite:////var/x.db", None, None, "/var/x.vault"),
        ("postgresql://me@host/book", None, None, "tanshu-vault"),
        ("sqlite:///data/tanshu.db", None, "/papers", "/papers"),
        ("sqlite:///data/tanshu.db", "here", "/papers", "here"),
    ],
)
def test_where_a_vault_lies(monkeypatch: pytest.MonkeyPatch, url, asked, environment, folder):
    monkeypatch.delenv("TANSHU_VAULT", raising=False)
    if environment:
        monkeypatch.setenv("TANSHU_VAULT", environment)
    assert folder_for(url, asked) == Path(folder)
