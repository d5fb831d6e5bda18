"""The harbour: berths, and who lies where."""

from boat import Boat
from weather import Wind


class HarbourClosed(Exception):
    """Nobody leaves in a gale."""


class Harbour:
    """A harbour with numbered berths, each as long as the boat that it can take."""

    def __init__(self, berths: dict[int, float]):
        self.berths = berths
        self.moored: dict[int, Boat] = {}

    def free_berths(self, length: float) -> list[int]:
        """Numbers of the free berths that are long enough, the shortest of them first."""
        free = [number for number, size in self.berths.items() if size >= length and number not in self.moored]
        return sorted(free, key=lambda number: self.berths[number])

    def moor(self, boat: Boat) -> int:
        """Moors a boat at the shortest berth that takes it."""
        free = self.free_berths(boat.length)
        if not free:
            raise LookupError(f"no berth for {boat.name}")
        boat.berth = free[0]
        self.moored[boat.berth] = boat
        return boat.berth

    def leave(self, boat: Boat, wind: Wind) -> None:
        """Lets a boat go, unless there is a gale."""
        if wind.is_gale:
            raise HarbourClosed(boat.name)
        del self.moored[boat.berth]
        boat.berth = None
