"""Boats and what they can do."""

from dataclasses import dataclass, field


@dataclass
class Boat:
    """A boat of the fleet. Speeds are in knots, lengths in metres."""

    name: str
    length: float
    top_speed: float
    crew: list[str] = field(default_factory=list)
    berth: int | None = None
    fuel: float = 100.0

    def take_aboard(self, sailor: str) -> None:
        """Adds a sailor to the crew; a boat takes one for each two metres of its length."""
        if len(self.crew) >= int(self.length / 2):
            raise ValueError(f"{self.name} is full")
        self.crew.append(sailor)

    def burn(self, hours: float, speed: float) -> float:
        """Burns the fuel of a trip and returns what is left. Fuel grows with the square of the speed."""
        if speed > self.top_speed:
            raise ValueError(f"{self.name} cannot go faster than {self.top_speed} knots")
        self.fuel = max(0.0, self.fuel - hours * speed * speed / 50)
        return self.fuel

    @property
    def is_moored(self) -> bool:
        """Whether it lies at a berth."""
        return self.berth is not None
