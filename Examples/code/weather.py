"""Wind, and what it does to a boat."""

import math
from dataclasses import dataclass

GALE = 34.0
"""Wind in knots from which on the harbour is closed."""


@dataclass(frozen=True)
class Wind:
    """Wind in knots, and the direction that it comes from in degrees, 0 for north."""

    speed: float
    direction: float

    @property
    def is_gale(self) -> bool:
        return self.speed >= GALE

    def along(self, course: float) -> float:
        """The part of the wind that pushes a boat on this course; below zero if it blows against it."""
        return -self.speed * math.cos(math.radians(self.direction - course))


def forecast(today: Wind, trend: float) -> Wind:
    """Tomorrow's wind: today's and the trend in knots, and 15 degrees to the right."""
    return Wind(max(0.0, today.speed + trend), (today.direction + 15) % 360)
