"""Nothing half-written passes for whole, nothing that is not ours is replaced."""

from __future__ import annotations

import errno

import pytest

from scenarios.folder import FILES, OutFolder
from sensors.errors import UserError


def leave(target, text="{}"):
    with OutFolder(target) as folder:
        folder.write("result.json", text.encode())


def test_the_folder_appears_only_when_it_is_whole(tmp_path):
    with OutFolder(tmp_path / "a" / "b") as folder:
        folder.write("result.json", b"{}")
        assert not folder.target.exists()
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b"]
    assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == ["result.json"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_after_a_bad_end_the_earlier_result_stands_and_the_new_one_lies_beside_it(tmp_path, error):
    leave(tmp_path / "r", "earlier")

    def work():
        with OutFolder(tmp_path / "r") as folder:
            folder.write("result.json", b"later")
            raise error

    with pytest.raises(error):
        work()
    assert (tmp_path / "r" / "result.json").read_text() == "earlier"
    assert (tmp_path / "r.unfinished" / "result.json").read_text() == "later"
    leave(tmp_path / "r", "third")
    assert (tmp_path / "r" / "result.json").read_text() == "third"
    assert {p.name for p in tmp_path.iterdir()} == {"r"}


def test_a_kill_between_the_two_renames_loses_nothing(tmp_path):
    leave(tmp_path / "r", "earlier")
    (tmp_path / "r").rename(tmp_path / "r.replaced")
    with pytest.raises(RuntimeError), OutFolder(tmp_path / "r"):
        raise RuntimeError
    assert (tmp_path / "r" / "result.json").read_text() == "earlier"


def test_what_no_run_made_is_not_replaced(tmp_path):
    leave(tmp_path / "r")
    (tmp_path / "r" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"notes\.txt, which no run made"), OutFolder(tmp_path / "r"):
        pass
    (tmp_path / "f").write_text("mine")
    with pytest.raises(UserError, match="is a file"), OutFolder(tmp_path / "f"):
        pass
    assert (tmp_path / "f").read_text() == "mine"
    assert "result.json" in FILES


def test_two_runs_do_not_write_to_one_place(tmp_path):
    with (
        OutFolder(tmp_path / "r") as first,
        pytest.raises(UserError, match="another run is writing"),
        OutFolder(tmp_path / "r"),
    ):
        pass
    assert first.target.exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "f").write_text("")
    with pytest.raises(UserError, match="choose another --out"), OutFolder(tmp_path / "f" / "r"):
        pass


def test_a_full_disk_is_told_with_where_the_rest_lies(tmp_path):
    with pytest.raises(UserError, match=r"No space left on device; .*r\.unfinished"), OutFolder(tmp_path / "r"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not (tmp_path / "r").exists()
    assert (tmp_path / "r.unfinished").exists()
