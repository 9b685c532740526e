"""The window of `--view` and of `ganglion view --live`, and whoever shows trials in it at the pace of real time."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.recorder import Recorder
from scenarios.spec import Experiment
from sensors.errors import UserError

FRAME_US = 40_000
PATIENCE_S = 0.25
"""When the simulation is slower than real time, there is a picture at least this often, and not much oftener."""
TOOLKITS = ("TkAgg", "QtAgg", "GTK4Agg", "GTK3Agg", "WXAgg")


class Window:
    """A window for pictures of up to 256 colours, by whatever toolkit there is; MPLBACKEND chooses one.

    Args:
        colours: uint8 (n, 3). asked: the option that wants it, and instead: what to do without, for the errors.

    Raises:
        UserError: there is no display, or no toolkit that can open a window on it.
    """

    def __init__(
        self,
        title: str,
        colours: NDArray[np.uint8],
        asked: str = "--view",
        instead: str = "leave --view out and open report.html, which shows a trial moving",
    ) -> None:
        shown_on = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        if sys.platform != "darwin" and not shown_on:
            raise UserError(
                f"{asked} needs a display, but neither DISPLAY nor WAYLAND_DISPLAY is set; {instead}, or log in with "
                "`ssh -X`"
            )
        chosen = os.environ.get("MPLBACKEND")
        try:
            from matplotlib import pyplot as plt
            from matplotlib import rc_context
        except ValueError:
            raise UserError(f"{asked}: matplotlib does not know MPLBACKEND={chosen}; unset it") from None
        kits = (chosen,) if chosen else ("macosx", *TOOLKITS) if sys.platform == "darwin" else TOOLKITS
        failed = []
        for kit in kits:
            try:
                plt.switch_backend(kit)
                with rc_context({"toolbar": "None"}):
                    self._figure: Any = plt.figure(title, facecolor="#16181d")
                if self._figure.canvas.required_interactive_framework is None:
                    raise RuntimeError("it opens no windows")
                plt.show(block=False)
                break
            except Exception as error:  # each toolkit has errors of its own for a display that it cannot use
                failed.append(f"{kit}: {(str(error).strip() or type(error).__name__).splitlines()[0]}")
                plt.close("all")
        else:
            more = f"; nor did {len(failed) - 1} other toolkits" if len(failed) > 1 else ""
            raise UserError(
                f"{asked} could not open a window on {shown_on or 'this screen'} ({failed[0]}{more}); on Debian: "
                f"apt-get install python3-tk, else pip install pyqt6, or {instead}"
            )
        self._plt = plt
        self._rgba = np.column_stack([colours, np.full(len(colours), 255, np.uint8)])
        self._image: Any = None

    @property
    def open(self) -> bool:
        """Whether nobody has closed it."""
        return bool(self._plt.fignum_exists(self._figure.number))

    def show(self, picture: NDArray[np.uint8], title: str, wait_s: float) -> None:
        """Show colour numbers (H, W) and answer mouse and keys for `wait_s` seconds, or once if not positive."""
        if not self.open:
            return
        rgba = self._rgba[picture]
        if self._image is None:
            tall, wide = picture.shape
            self._figure.set_size_inches(wide / self._figure.dpi, tall / self._figure.dpi)
            self._image = self._figure.figimage(rgba, origin="upper")  # not scaled: that would cost more than the trial
        self._image.set_array(rgba)
        self._figure.canvas.manager.set_window_title(title)
        self._figure.canvas.draw_idle()
        self.answer(wait_s)

    def answer(self, wait_s: float = 0.0) -> None:
        """Let the window draw itself and react to its user."""
        if not self.open:
            return
        if wait_s > 0:
            self._figure.canvas.start_event_loop(wait_s)
        else:
            self._figure.canvas.flush_events()

    def close(self) -> None:
        """Close it; harmless if it is closed."""
        self._plt.close(self._figure)


class Spectator(ABC):
    """Shows the controller's trials, tick by tick; a window that its user has closed is not missed."""

    def __init__(self, scenario: Experiment[Any, Any], palette: Sequence[int]) -> None:
        """palette: red, green and blue, 0..255, of each of the pictures' colour numbers."""
        colours = np.array(palette, np.uint8).reshape(-1, 3)
        self.window = Window(f"{scenario.name}, seed {scenario.seed}", colours)
        self.name, self.every = scenario.name, max(1, FRAME_US // scenario.world.tick_us)
        self._began_s = self._shown_s = 0.0

    @abstractmethod
    def begin(self) -> None:
        """A trial begins."""

    @abstractmethod
    def see(self, world: Any) -> None:
        """A tick has passed."""

    def gather(self, world: Any) -> None:  # noqa: B027 - most gather nothing
        """A picture is due, though it may be left out."""

    @abstractmethod
    def draw(self, world: Any, recorder: Recorder, ticks: int) -> tuple[NDArray[np.uint8], str]:
        """Colour numbers (H, W) of the trial as it stands, and what to call it."""

    def look(self, world: Any, recorder: Recorder, ticks: int) -> None:
        """See one tick of a trial that will have `ticks`; shows every 25th of a second and waits for real time."""
        row = recorder.ticks - 1
        if row == 0:
            self._began_s, self._shown_s = perf_counter(), -PATIENCE_S
            self.begin()
        self.see(world)
        if (row + 1) % self.every or not self.window.open:
            return
        now_s = perf_counter() - self._began_s
        ahead_s = (row + 1) * recorder.tick_us * 1e-6 - now_s
        self.gather(world)
        if ahead_s < 0 and now_s - self._shown_s < PATIENCE_S:
            return
        picture, title = self.draw(world, recorder, ticks)
        ahead_s -= perf_counter() - self._began_s - now_s
        self.window.show(picture, title, ahead_s)
        self._shown_s = perf_counter() - self._began_s

    def answer(self) -> None:
        """Keep the window alive while something else is computed."""
        self.window.answer()

    def close(self) -> None:
        """Close the window."""
        self.window.close()
