"""Tactile skins: wire formats, layouts, baselines and simulators. `sensors.skin.open_skin` opens any by its URL."""
