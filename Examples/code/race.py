"""A race around the island."""

from boat import Boat
from harbour import Harbour
from weather import Wind

LAP = 12.0
"""Length of a lap in nautical miles."""


class Race:
    """Boats that go around the island for a number of laps."""

    def __init__(self, harbour: Harbour, laps: int = 3):
        self.harbour = harbour
        self.laps = laps
        self.boats: list[Boat] = []

    def enter(self, boat: Boat) -> None:
        """A boat may enter if it is moored, has a crew of two at least, and half of its fuel."""
        if not boat.is_moored or len(boat.crew) < 2 or boat.fuel < 50:
            raise ValueError(f"{boat.name} cannot race")
        self.boats.append(boat)

    def hours(self, boat: Boat, wind: Wind) -> float:
        """How long a boat takes for the race: a tenth of the wind on its course is gained or lost."""
        speed = max(1.0, boat.top_speed + wind.along(90) / 10)
        return self.laps * LAP / speed

    def winner(self, wind: Wind) -> Boat:
        """The fastest boat. All of them leave the harbour for it."""
        for boat in self.boats:
            self.harbour.leave(boat, wind)
        return min(self.boats, key=lambda boat: self.hours(boat, wind))
