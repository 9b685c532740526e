"""The verb run: a scenario under its controller, beside the baselines."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from . import running
from .common import DONE, add_verb

if TYPE_CHECKING:
    from scenarios.spec import Scenario

    from .common import Verbs

TEXT = """\
Runs every episode of a scenario under its controller and under simpler ones, and leaves a folder with report.html (open
it in a browser), trial.gif, result.json, scenario.toml (as run, all defaults written out), recording.gang (see
`ganglion replay`) and state.bin (what was learned). Episode k of seed S is the same object with the same disturbances,
whoever controls it. The folder appears when it is whole; until then, and after Ctrl-C, what was recorded is in
DIR.unfinished.

settings, as in the scenario file, for example:
  --set world.delay_ms=20           --set world.skin.taxels=4        --set world.trial.mass_kg=[0.1,0.5]
  --set controller.learning=false   --set controller.damage.killed=0.2
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    run = add_verb(verbs, "run", "run a scenario and compare it with the baselines", TEXT)
    run.add_argument("scenario", metavar="SCENARIO", help="a name, as grasp, or a file.toml")
    run.add_argument("--episodes", metavar="N", help="how many objects")
    run.add_argument("--seed", metavar="S", help="which objects; those below 1000 were used for tuning")
    run.add_argument("--out", type=Path, metavar="DIR", help="where the result goes (default out/NAME-SEED)")
    run.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting; may be repeated"
    )
    run.add_argument(
        "--world",
        metavar="recording:FILE",
        help="show the controller of gaze a real recording instead, open loop; any file that `ganglion info` reads",
    )
    run.add_argument("--brain-state", type=Path, metavar="FILE", help="start from the state.bin of an earlier run")
    run.add_argument(
        "--brain",
        default="here",
        metavar="WHERE",
        help="where the controller computes: here (default), sitl, qemu:BOARD, or a serial port or URL; the same bits",
    )
    run.add_argument(
        "--free",
        action="store_true",
        help="let time pass by itself: a brain that is late is not waited for, its last command is held, then decays; "
        "missed deadlines are counted. Without it the world waits, and every run gives the same bits",
    )
    run.add_argument(
        "--view", action="store_true", help="watch each trial in a window, at its own speed, in one process"
    )
    running.add_workers(run)
    run.add_argument("--no-baselines", action="store_true", help="the spiking controller alone; three times as quick")
    run.add_argument("--no-report", action="store_true", help="leave report.html and trial.gif out")
    run.add_argument("--json", action="store_true", help="print result.json instead of the summary")
    run.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Run it; returns the exit status."""
    began_s = perf_counter()
    from scenarios import load
    from scenarios.tasks import task_of

    if args.world is not None:
        from scenarios.gaze.film_task import settings

        args.set = [*settings(args.world), *args.set]  # what is set beside it refines it
    scenario = load.load(args.scenario, running.settings(args))
    task = task_of(scenario)
    spectator = _spectator(args, scenario) if args.view else None
    if not args.json:
        print(task.opening(scenario) + ("" if args.brain == "here" else f" | brain {args.brain}"), flush=True)
    from scenarios import run
    from scenarios.pool import RunFailedError

    workers = running.workers(args)
    target = args.out if args.out is not None else run.default_out(scenario)
    try:
        result = run.run(
            scenario,
            target,
            args.brain_state,
            workers,
            compare=not args.no_baselines,
            report=not args.no_report,
            spectator=spectator,
            began_s=began_s,
            where=args.brain,
            free=args.free,
        )
    except (run.StoppedError, RunFailedError) as error:
        return running.end_early(error)
    finally:
        if spectator is not None:
            spectator.close()
    if args.json:
        print(json.dumps(result))
    else:
        print(task.summary(result))
        if "brain" in result:
            print(f"  {_link(result['brain'])}")
        page = "" if args.no_report else f"   report {target / 'report.html'}"
        print(f"saved {target}{page}")
    return DONE


def _link(told: Any) -> str:
    """What became of deadlines and requests on the way to a target, in one line."""
    said = []
    if "late" in told:
        said.append(f"{told['late']} of {told['late_of']} ticks late, {told['latest_s'] * 1e3:g} ms at worst")
    if "missed" in told:
        said.append(f"brain missed {told['missed']} of {told['of']} deadlines")
    if "target" in told:
        said.append(f"{told['target']}: asked again {told['asked_again']}, reconnected {told['reconnected']}")
    return "   ".join(said)


def _spectator(args: argparse.Namespace, scenario: Scenario) -> Any:
    from sensors.errors import UserError

    if args.workers not in (None, 1):
        raise UserError(
            f"--view shows the trials of one process, --workers asks for {args.workers}; leave one of them out"
        )
    from scenarios.tasks import task_of

    return task_of(scenario).spectator(scenario)
