"""Pictures of a scene for people: TinyRenderer in a server of its own, so that looking never touches the physics."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from .client import Client
from .spec import BOX, CYLINDER

WIDTH, HEIGHT = 480, 360
EYE_M, TARGET_M = (0.30, -0.52, 0.36), (0.0, 0.0, 0.21)
FOV_DEG = 36.0
LIGHT = (0.5, -1.0, 1.6)
THING = (0.93, 0.55, 0.18, 1.0)
"""Of the object. The pads are nearly black, everything else has its own grey."""
ROOM = (236, 240, 244)

Picture = NDArray[np.uint8]


class View:
    """Draws PRIMITIVE rows from beside the robot. Row 0, the object, is orange, so that it stands out.

    TinyRenderer does not smooth edges: each pixel is the mean of `finer` x `finer`, at as many times the cost.
    """

    def __init__(self, finer: int = 1) -> None:
        self._client = Client()
        self._finer = finer
        self._bodies: list[int] = []
        self._drawn: bytes = b""
        p = self._client
        self._view = p.computeViewMatrix(EYE_M, TARGET_M, (0, 0, 1))
        self._lens = p.computeProjectionMatrixFOV(FOV_DEG, WIDTH / HEIGHT, 0.05, 3.0)

    def picture(self, scene: NDArray[np.void]) -> Picture:
        """Return uint8 (HEIGHT, WIDTH, 3) of the scene."""
        p, finer = self._client, self._finer
        shapes = scene[["kind", "half", "albedo"]].tobytes()
        if shapes != self._drawn:
            for body in self._bodies:
                p.removeBody(body)
            self._bodies = [self._create(i, row) for i, row in enumerate(scene)]
            self._drawn = shapes
        for body, row in zip(self._bodies, scene, strict=True):
            p.resetBasePositionAndOrientation(body, row["position"].tolist(), _quaternion(row["rotation"]))
        _, _, rgba, _, mask = p.getCameraImage(
            WIDTH * finer,
            HEIGHT * finer,
            self._view,
            self._lens,
            lightDirection=LIGHT,
            lightColor=(1, 1, 1),
            shadow=1,
            lightAmbientCoeff=0.55,
            lightDiffuseCoeff=0.5,
            lightSpecularCoeff=0.05,
            renderer=p.ER_TINY_RENDERER,
        )
        rgb = np.reshape(rgba, (HEIGHT * finer, WIDTH * finer, 4))[..., :3].astype(np.uint16)
        rgb[np.reshape(mask, rgb.shape[:2]) < 0] = ROOM
        sums = rgb.reshape(HEIGHT, finer, WIDTH, finer, 3).sum(axis=(1, 3))
        picture: Picture = (sums // finer**2).astype(np.uint8)
        return picture

    def _create(self, index: int, row: np.void) -> int:
        p = self._client
        half = row["half"].tolist()
        grey = float(row["albedo"])
        settings: dict[str, Any] = {"rgbaColor": THING if index == 0 else (grey, grey, 1.04 * grey, 1.0)}
        if row["kind"] == BOX:
            shape = p.createVisualShape(p.GEOM_BOX, halfExtents=half, **settings)
        elif row["kind"] == CYLINDER:
            shape = p.createVisualShape(p.GEOM_CYLINDER, radius=half[0], length=2 * half[2], **settings)
        else:
            shape = p.createVisualShape(p.GEOM_SPHERE, radius=half[0], **settings)
        return int(p.createMultiBody(0.0, -1, shape))

    def close(self) -> None:
        """End the server; harmless if it has ended."""
        self._client.close()


def _quaternion(rotation: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Turn a rotation matrix (3, 3) into x, y, z, w (Shepperd 1978: the largest component first)."""
    m = rotation.tolist()
    trace = m[0][0] + m[1][1] + m[2][2]
    if trace > 0:
        s = 2 * math.sqrt(1 + trace)
        return (m[2][1] - m[1][2]) / s, (m[0][2] - m[2][0]) / s, (m[1][0] - m[0][1]) / s, s / 4
    i = max(range(3), key=lambda k: m[k][k])
    j, k = (i + 1) % 3, (i + 2) % 3
    s = 2 * math.sqrt(max(1 + m[i][i] - m[j][j] - m[k][k], 1e-12))
    q = [0.0, 0.0, 0.0]
    q[i] = s / 4
    q[j], q[k] = (m[j][i] + m[i][j]) / s, (m[k][i] + m[i][k]) / s
    return q[0], q[1], q[2], (m[k][j] - m[j][k]) / s


class Window:
    """A window that shows pictures, by whatever toolkit matplotlib finds.

    Raises:
        UserError: there is no display, or no toolkit to open a window with.
    """

    def __init__(self, title: str, size: tuple[int, int]) -> None:
        """size: width and height of the pictures, pixels."""
        from matplotlib import pyplot as plt
        from matplotlib.backends.registry import BackendFilter, backend_registry

        why = "it has no display, or Python has no window toolkit"
        try:
            plt.switch_backend(plt.get_backend())
        except ImportError as error:
            why = str(error).splitlines()[0]
        windowed = backend_registry.list_builtin(BackendFilter.INTERACTIVE)  # type: ignore[no-untyped-call]
        if plt.get_backend().lower() not in [name.lower() for name in windowed]:
            raise UserError(
                f"render_mode = 'human' cannot open a window here: {why}; "
                "set DISPLAY and install python3-tk, or use render_mode='rgb_array'"
            )
        self._plt = plt
        with plt.rc_context({"toolbar": "None"}):
            self._figure = plt.figure(title, figsize=(size[0] / 100, size[1] / 100), dpi=100)
        axes = self._figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        self._image = axes.imshow(np.zeros((size[1], size[0], 3), np.uint8))
        self._figure.show()

    def show(self, picture: Picture) -> None:
        """Show a picture and let the window answer; a window that was closed stays closed."""
        if not self._plt.fignum_exists(self._figure.number):
            return
        self._image.set_data(picture)
        self._figure.canvas.draw_idle()
        self._figure.canvas.flush_events()

    def close(self) -> None:
        """Close the window."""
        self._plt.close(self._figure)
