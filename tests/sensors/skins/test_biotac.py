from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.skins.biotac import BIOTAC, HEAD, joined, read_grasps
from sensors.skins.fingertip import Fingertip


def test_the_published_tables_are_read_whole(recording: Callable[[str], Path]) -> None:
    tables = [read_grasps(recording(f"biotac/bts3v2_palm_{p}_test.csv")) for p in ("45", "down", "side")]
    grasps = joined(tables)
    assert grasps.readings.shape == (1149, BIOTAC.values)
    assert len(set(grasps.objects)) == 10
    assert grasps.slipped.sum() == 589
    assert 0 <= grasps.readings.min() < grasps.readings.max() <= 4095


def test_a_real_grasp_is_felt_as_a_touch(recording: Callable[[str], Path]) -> None:
    grasps = read_grasps(recording("biotac/bts3v2_palm_45_test.csv"))
    rest, held = grasps.readings.mean(axis=0), grasps.readings[0]
    tip = Fingertip(BIOTAC)
    frames = np.concatenate([np.repeat(rest[None], 100, axis=0), np.repeat(held[None], 50, axis=0)]).astype(np.float32)
    events = tip.feel(frames, np.arange(150) * 10_000)
    assert tip.baseline.touched
    assert events["t"].min() >= 1_000_000, "nothing is felt before the grasp"
    assert set(events["x"].tolist()) <= {k for k in range(24) if ((held - rest).reshape(3, 24)[:, k] > 0).any()}


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([",".join(HEAD), *rows]) + "\n")
    return path


def test_a_line_that_is_no_grasp_is_told_by_its_number(tmp_path: Path) -> None:
    good = "cup,1," + ",".join(["3000"] * 72)
    assert read_grasps(table(tmp_path / "a.csv", good, good)).objects == ("cup", "cup")
    for bad in ("cup,1,3000", good.replace("cup,1", "cup,2"), good[:-4] + "4096", good[:-4] + "nan", good[:-4] + "x"):
        with pytest.raises(UserError, match="line 3 is no grasp of 74 values"):
            read_grasps(table(tmp_path / "a.csv", good, bad))
    (tmp_path / "b.csv").write_text("a,b\n")
    with pytest.raises(UserError, match="the first line does not name the object"):
        read_grasps(tmp_path / "b.csv")
    with pytest.raises(UserError, match="No such file"):
        read_grasps(tmp_path / "none.csv")
