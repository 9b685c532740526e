"""What a recording of gazing holds. The number of the camera's cells changes nothing in it."""

from __future__ import annotations

from controller.spec import GAZE_PROBE
from scenarios.task import Schema
from sim.film import REEL_TRUTH, Reel
from sim.gaze_spec import TRUTH, Sight, body

SCHEMA = Schema("gaze", body(16), TRUTH, GAZE_PROBE, Sight)
FILM = Schema("film", body(16), REEL_TRUTH, GAZE_PROBE, Reel)
"""Of a film: nothing but its events is known."""
