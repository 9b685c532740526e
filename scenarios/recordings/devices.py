"""What is connected, what could be, and what each needs before it can be opened."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sensors.skin import serial_ports

USB = Path("/sys/bus/usb/devices")
RULES = Path("/etc/udev/rules.d")
ALLOW = "sudo neuromorphic-drivers-install-udev-rules   (then plug the camera out and in)"


@dataclass(frozen=True, slots=True)
class Model:
    """A camera that is driven: its URL, the extra of its library, and whether it was tried on hardware."""

    name: str
    url: str
    extra: str
    vendors: tuple[str, ...]
    tried: bool = False


CAMERAS = (
    Model("Prophesee EVK4", "usb:", "usb", ("04b4:00f4", "04b4:00f5")),
    Model("Prophesee EVK3 HD", "usb:", "usb", ("04b4:00f4", "04b4:00f5")),
    Model("CenturyArks SilkyEvCam VGA", "usb:", "usb", ("31f7:0003", "31f7:0004")),
    Model("iniVation DVXplorer (Samsung sensor)", "usb:", "usb", ("152a:8419",)),
    Model("iniVation DAVIS346", "usb:", "usb", ("152a:841a",)),
    Model("iniVation DVXplorer S and Mini", "inivation:", "inivation", ("152a:",)),
    Model("iniVation DAVIS240, DAVIS640", "inivation:", "inivation", ("152a:",)),
    Model("iniVation DVS128", "inivation:", "inivation", ("152a:8400",)),
    Model("DV network output", "dv://HOST:PORT", "inivation", ()),
    Model("UDP sender", "udp://HOST:PORT", "", ()),
)
SKINS = (
    Model("AnySkin", "anyskin:PORT", "", ()),
    Model("ReSkin", "reskin:PORT", "", ()),
    Model("taxel matrix, asked with 'A'", "matrix+raw:PORT", "", ()),
    Model("taxel matrix, u16 in COBS or SLIP", "matrix+cobs:PORT", "", ()),
    Model("taxel matrix, lines of text", "matrix+csv:PORT", "", ()),
    Model("XELA uSkin, through its server", "xela://HOST:5000", "xela", ()),
    Model("DIGIT, a camera behind a gel", "digit:NUMBER", "digit", ()),
)
"""No skin was tried on hardware yet; each but DIGIT against a simulator that speaks its protocol."""
"""No camera was tried on hardware yet; DV network and UDP were tried on loopback."""
VENDORS = {"152a": "iniVation", "31f7": "CenturyArks", "04b4:00f4": "Prophesee", "04b4:00f5": "Prophesee"}
LIBRARIES = {"usb": "neuromorphic_drivers", "inivation": "dv_processing"}
TOUCH_LIBRARIES = {"xela": "websocket", "digit": "cv2"}


@dataclass(frozen=True, slots=True)
class Found:
    """A camera that is connected: url opens it, unless needs says what is missing."""

    name: str
    url: str
    connection: str
    needs: str


def on_the_bus(folder: Path = USB) -> list[tuple[str, str]]:
    """vendor:product and place of each event camera on the USB bus, as the kernel lists them."""
    found = []
    for device in sorted(folder.glob("*")) if folder.is_dir() else []:
        try:
            ident = f"{(device / 'idVendor').read_text().strip()}:{(device / 'idProduct').read_text().strip()}"
        except OSError:
            continue
        if ident in VENDORS or ident[:4] in VENDORS:
            found.append((ident, device.name))
    return found


def rules_installed(folder: Path = RULES) -> bool:
    """Whether a udev rule lets users at these cameras."""
    for rule in folder.glob("*.rules") if folder.is_dir() else []:
        try:
            if "152a" in rule.read_text(errors="replace") or "31f7" in rule.read_text(errors="replace"):
                return True
        except OSError:
            continue
    return False


def survey(usb: Path = USB) -> tuple[list[Found], list[str]]:
    """Cameras found, and what went wrong in looking for them."""
    found: list[Found] = []
    troubles: list[str] = []
    drivers = _library("neuromorphic_drivers")
    if drivers is not None:
        try:
            for device in drivers.list_devices():
                needs = "" if device.error is None else f"{device.error}; {ALLOW}"
                found.append(Found(device.name.value, f"usb:{device.serial or ''}", device.connection.value, needs))
        except Exception as error:  # RuntimeError where there is no USB at all
            troubles.append(f"neuromorphic-drivers cannot look at USB here ({error})")
    dv = _library("dv_processing")
    if dv is not None:
        try:
            for device in dv.io.camera.discover():
                found.append(Found(str(device.cameraModel), f"inivation:{device.serialNumber}", "USB", ""))
        except Exception as error:
            troubles.append(f"dv-processing cannot look at USB here ({error})")
    if not found:
        for ident, place in on_the_bus(usb):
            maker = VENDORS.get(ident) or VENDORS[ident[:4]]
            extras = sorted({m.extra for m in CAMERAS if any(ident.startswith(v) for v in m.vendors)}) or [
                "usb",
                "inivation",
            ]
            missing = [e for e in extras if find_spec(LIBRARIES[e]) is None]
            needs = f"pip install 'ganglion[{','.join(missing or extras)}]'" if missing else ALLOW
            found.append(Found(f"{maker} ({ident})", "", f"USB {place}", needs))
    return found, troubles


def _library(name: str) -> Any:
    if find_spec(name) is None:
        return None
    try:
        return import_module(name)
    except ImportError:
        return None


def show(as_json: bool) -> None:
    """Print it."""
    found, troubles = survey()
    installed = {extra: find_spec(name) is not None for extra, name in LIBRARIES.items()}
    touch = {extra: find_spec(name) is not None for extra, name in TOUCH_LIBRARIES.items()}
    ports = serial_ports()
    if as_json:
        document = {
            "found": [asdict(f) for f in found],
            "troubles": troubles,
            "serial_ports": [port for port, _ in ports],
            "supported": [asdict(m) for m in (*CAMERAS, *SKINS)],
            "extras_installed": installed | touch,
            "udev_rule": rules_installed(),
        }
        print(json.dumps(document, indent=2))
        return
    print("connected:")
    for f in found:
        needs = f"   needs: {f.needs}" if f.needs else ""
        print(f"  {f.name}   {f.connection}   {f.url or '(cannot be opened yet)'}{needs}")
    for trouble in troubles:
        print(f"  {trouble}")
    if not found:
        print("  no event camera; plug one in, and mind the cable: most need USB 3")
    elif usable := next((f for f in found if f.url and not f.needs), None):
        print(f"  try: ganglion view {usable.url}")
    for port, name in ports:
        print(f"  serial port {port} ({name}): if it is a skin, ganglion view anyskin:{port}, or matrix+csv:{port} ...")
    if sys.platform == "linux" and not rules_installed():
        print(f"no udev rule lets users at cameras; once neuromorphic-drivers is installed: {ALLOW}")
    print("\nsupported:")
    for m in (*CAMERAS, *SKINS):
        ready = not m.extra or (installed | touch)[m.extra]
        needs = "" if not m.extra else f"ganglion[{m.extra}]" + (", installed" if ready else ", not installed")
        print(f"  {m.name:38} {m.url:16} {needs}")
    print("\ntried on hardware: none of the cameras yet, only against fakes; DV network and UDP: on loopback")
    print("none of the skins yet, only against simulators: python -m sensors.skins.simulator --help")
    for extra, ready in installed.items():
        if not ready:
            print(f"to use {extra}: cameras: pip install 'ganglion[{extra}]'")
