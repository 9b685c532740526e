"""The verb bench: suites that exist, tables that say whether a goal is met, mistakes in one line."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from scenarios import cli
from scenarios.bench.suites import SUITES
from scenarios.bench.table import Goal, Result, Table


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_that_is_listed_has_a_module(name: str) -> None:
    assert find_spec(f"scenarios.bench.{SUITES[name].module}") is not None


def test_a_goal_says_met_missed_or_why_it_was_not_measured() -> None:
    goals = [Goal("tick", 15, 9.81, " us"), Goal("tick", 15, 22.1, " us"), Goal("ratio", 0.1, None, why="no torch")]
    assert [goal.row()[1:] for goal in goals] == [
        ("9.81 us", "<= 15 us", "met"),
        ("22.1 us", "<= 15 us", "missed"),
        ("-", "<= 0.1", "not measured: no torch"),
    ]


def test_a_goal_may_be_a_least_figure() -> None:
    goals = [Goal("rate", 90, 79.8, " Mev/s", at_least=True), Goal("rate", 90, 90.0, " Mev/s", at_least=True)]
    assert [goal.row()[2:] for goal in goals] == [(">= 90 Mev/s", "missed"), (">= 90 Mev/s", "met")]


def test_the_sensors_suite_sends_packets_through_a_chain_that_keeps_some() -> None:
    from scenarios.bench.sensors import measure
    from scenarios.bench.suites import Asked

    result = measure(Asked(only=("chain",), seconds=0.05))
    assert 0.1 < result.figures["chain_kept"] < 0.9
    assert 0 < result.figures["chain_1000_p50_us"] <= result.figures["chain_1000_p99_us"]
    assert result.goals[0].limit == 15


def test_the_sensors_suite_reads_every_packing_of_a_coded_file(tmp_path) -> None:
    pytest.importorskip("h5py", reason="h5py is not installed: pip install 'ganglion[hdf5]'")
    from scenarios.bench.ecf_file import PACKINGS, write_metavision
    from scenarios.bench.scene import sweep
    from sensors.events import open_events

    events = sweep(40_000)
    for packing in PACKINGS:
        write_metavision(tmp_path / "coded.h5", events, (packing,))
        assert np.array_equal(np.concatenate(list(open_events(tmp_path / "coded.h5"))), events), packing


def test_columns_of_a_table_end_below_each_other() -> None:
    table = Table("speed", ("", "us"), [("numba", "9.5"), ("another", "120")], ("at rest",))
    assert table.text().splitlines() == ["speed", "            us", "  numba    9.5", "  another  120", "  at rest"]


def test_a_table_is_told_once_as_soon_as_it_is_there() -> None:
    told: list[str] = []
    result = Result("core", tell=told.append)
    result.add(Table("first", ("", "us"), []))
    result.tables.append(Table("second", ("", "us"), []))
    assert [text.strip().splitlines()[0] for text in told] == ["first"]
    assert result.text().splitlines()[0] == "second"


def test_a_document_holds_figures_goals_and_the_machine() -> None:
    document = Result("core", [], [Goal("tick", 1, 2, " us")], {"tick_us": 2}).document()
    assert document["figures"] == {"tick_us": 2}
    assert document["goals"] == [{"what": "tick", "measured": 2, "limit": 1, "unit": "us", "met": False}]
    assert "numba" in document["machine"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["grasp", "--only", "w9"], "suite grasp has no part w9"), (["grasp", "--seconds", "0"], "expected 0.05 to 60")],
)
def test_a_mistake_in_what_to_measure_is_one_line(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bench", *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
