"""Somebody or something that a document is about, and how sentences refer to it."""
from domains import DOMAINS
from world import cap


class Entity:
    def __init__(self, world, domain):
        self.domain, self.d = domain, DOMAINS[domain]
        self.name = self.d["name"](world)
        he_or_she = domain in ("person", "user")
        self.pronoun = world.r.choice([("she", "her"), ("he", "his")]) if he_or_she else ("it", "its")
        if domain == "person":
            world.people.append(self.name)
        self.values = {}

    def refs(self, kind):
        """The words for {n} {s} {N} {S}: kind is 'full', 'short' or 'pronoun'."""
        if kind == "pronoun":
            n, s = self.pronoun
            return dict(n=n, s=s, N=cap(n), S=cap(s))
        n = self.name
        if kind == "short" and self.d["short"]:
            n = n.split()[0]
        if self.d.get("the"):
            n = "the " + n
        return dict(n=n, s=n + "'s", N=cap(n), S=cap(n) + "'s")
