"""Signed notes: the format of Go's note package and C2SP signed-note, keys, files, forgeries."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.refusal import Refused
from tanshu.log import checkpoint, keys, note, suite
from tanshu.log.note import Note, Signature
from tests.support.proofs import KEY, OTHER_KEY, refused

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngo"
    "tpRZb6KE6RyyBwJnAM=\n"
)
"""The example of Go's golang.org/x/mod/sumdb/note."""
NOTE = note.sign("tanshu/test\n1\n", KEY)


def test_the_note_of_go_s_documentation_is_read_and_checked():
    found = note.parse(PETER_NOTE)
    note.check(found, [note.verifier_key(PETER)])
    assert str(found) == PETER_NOTE
    assert str(note.verifier_key(PETER)) == PETER


def test_a_signature_of_rfc_8032_comes_out():
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    signature = (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert KEY.verifier.public.hex() == public
    assert KEY.suite.sign(KEY.private, b"").hex() == signature
    assert KEY.suite.verify(bytes.fromhex(public), bytes.fromhex(signature), b"")


def test_salts_are_hmacs_of_rfc_4231():
    salt = suite.SHA256_ED25519.salter(b"\x0b" * 20)
    expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    assert salt(b"Hi There").hex() == expected


def test_an_unknown_suite_is_refused():
    assert refused(suite.by_name, "sm3+sm2").code == "PROOF-1005"


def test_a_note_is_what_it_was_written_as():
    assert note.parse(str(NOTE)) == NOTE
    note.check(NOTE, [KEY.verifier])


def test_another_s_signature_goes_along_and_counts_only_when_asked_for():
    both = NOTE.with_signatures(note.sign(NOTE.text, OTHER_KEY).signatures)
    assert both.with_signatures(both.signatures) == both
    assert note.parse(str(both)) == both
    note.check(both, [KEY.verifier])
    note.check(both, [KEY.verifier, OTHER_KEY.verifier])
    assert refused(note.check, NOTE, [KEY.verifier, OTHER_KEY.verifier]).code == "PROOF-1007"


def test_a_bad_signature_of_a_known_key_spoils_the_note():
    forged = Signature(KEY.name, KEY.verifier.id, bytes(64))
    spoiled = NOTE.with_signatures([forged])
    assert refused(note.check, spoiled, [KEY.verifier]).code == "PROOF-1008"
    assert refused(note.check, Note("tanshu/test\n2\n", NOTE.signatures), [KEY.verifier]).code == "PROOF-1008"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n— a AAAAAAAA\n",
        str(NOTE)[:-1],
        str(NOTE) + "\n",
        str(NOTE).replace("— ", "- "),
        str(NOTE).replace("tanshu/test\n", "tanshu/test\t\n", 1),
        str(NOTE)[:-3] + "!=\n",
        str(NOTE) + "— a AAAA\n",
        str(NOTE) + "— a+b AAAAAAAAAAAA\n",
        str(NOTE) + "— two words AAAAAAAAAAAA\n",
        str(NOTE) + "— a AAAAAAAAAAAA\n" * 64,
        "half \ud800 a pair\n\n— a AAAAAAAAAAAA\n",
    ],
)
def test_what_is_no_note_is_refused(text: str):
    assert refused(note.parse, text).code == "PROOF-1006"


def test_base64_is_taken_only_as_it_would_be_written():
    assert note.unb64("AAA=") == b"\0\0"
    for other in ("AAB=", "AAA", "AA\n=", "AAA==", "é"):
        assert note.unb64(other) is None


@given(st.text(max_size=200))
def test_any_text_is_a_note_or_refused(text: str):
    try:
        assert str(note.parse(text)) == text
    except Refused as refused:
        assert refused.refusal.code == "PROOF-1006"


# -- keys --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tanshu",
        PETER[:-1],
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("+AR", "+BR"),
        PETER.replace("Peter", "Pieter"),
        "a+00000000+AQ==",
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str):
    assert refused(note.verifier_key, text).code == "PROOF-3002"


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\there", "x" * 256, "\ud800"])
def test_a_name_no_key_can_have_is_refused(name: str, tmp_path: Path):
    assert refused(keys.new, tmp_path / "key", name).code == "PROOF-3003"
    assert not list(tmp_path.iterdir())


def test_a_key_in_a_file_is_its_owner_s_alone_and_comes_back(tmp_path: Path):
    path = tmp_path / "key"
    made = keys.new(path, "tanshu/湖北")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.read(path).verifier == made.verifier
    for named in (str(path), str(path) + ".pub", str(made.verifier)):
        assert keys.verifier(named) == made.verifier
    signed = note.sign("text\n", keys.read(path))
    note.check(note.parse(str(signed)), [made.verifier])


def test_a_key_is_never_overwritten(tmp_path: Path):
    path = tmp_path / "key"
    keys.new(path, "one")
    before = path.read_bytes()
    assert refused(keys.new, path, "two").code == "PROOF-3005"
    assert path.read_bytes() == before
    path.unlink()
    assert refused(keys.new, path, "two").code == "PROOF-3005"  # its public half is still there
    assert not path.exists()


def test_files_that_hold_no_key_are_refused(tmp_path: Path):
    path = tmp_path / "key"
    keys.new(path, "one")
    nameless = tmp_path / "nameless"
    nameless.write_bytes(path.read_bytes().split(b"\n", 1)[1])
    assert refused(keys.read, nameless).code == "PROOF-3006"
    nothing = tmp_path / "nothing"
    nothing.write_bytes(b"tanshu signing key: x\nno key\n")
    assert refused(keys.read, nothing).code == "PROOF-3001"
    assert refused(keys.verifier, str(nothing)).code == "PROOF-3002"
    assert refused(keys.verifier, str(tmp_path / "missing")).code == "PROOF-3007"
    assert refused(keys.verifier, "a\0b").code == "PROOF-3007"


# -- checkpoints -------------------------------------------------------------------------------------------

CHECKPOINT = checkpoint.Checkpoint(
    "tanshu/湖北 2023",
    1_042,
    b"r" * 32,
    b"s" * 32,
    211,
    b"c" * 32,
    1_735_635_600_000_000_000,
    "0123456789abcdef",
)


def test_a_checkpoint_is_what_it_was_written_as():
    assert checkpoint.parse(str(CHECKPOINT)) == CHECKPOINT
    assert CHECKPOINT.seq == 1_041
    assert checkpoint.parse(str(CHECKPOINT) + "another's extension line\n") == CHECKPOINT


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("tanshu/湖北 2023\n", "\n", 1),
        ("1042\n", "01042\n", 2),
        ("1042\n", "0\n", 2),
        ("1042\n", "-1\n", 2),
        ("cnI=\n", "cnJ=\n", 3),
        ("state ", "State ", 4),
        (" 211\n", "\n", 4),
        ("chain 63", "chain 6", 5),
        ("time ", "time 0", 6),
        ("salt 0123456789abcdef\n", "", 7),
        ("abcdef\n", "abcdef\n\n", 8),
    ],
)
def test_what_is_no_checkpoint_is_refused_by_its_line(old: str, new: str, line: int):
    text = str(CHECKPOINT)
    assert old in text
    found = refused(checkpoint.parse, text.replace(old, new, 1))
    assert (found.code, found.facts["line"]) == ("PROOF-1009", line)
