"""The bundled newsroom of `wireroom demo`: invented outlets in ten languages, served on loopback.

Outlets, people without a public office and events are invented; every text was written for this project. What
stands at which address, and which faults it shows, is data: `outlets/*.yaml`, `furniture.yaml`, `systems/*`.
"""

from pipeline.newsroom.server import Newsroom

__all__ = ["Newsroom"]
