"""Unused position IDs between the parts of a prompt, as unions and unused parameters leave them."""
import math

MAX_POSITION = 8191


def gaps(rng, n, total, kind):
    """n gaps (before the system text, the documents and the questions) with total + sum(gaps) <= MAX_POSITION"""
    room = MAX_POSITION - total
    if kind == "none" or room < 8:
        return [0] * n
    if kind == "small":
        g = [0] + [rng.randint(0, 64) for _ in range(n - 1)]
    elif kind == "mid":
        g = [0 if rng.random() < .7 else int(math.exp(rng.random() * 7))] + [
            0 if rng.random() < .3 else rng.randint(0, 400) for _ in range(n - 1)]
    elif kind == "wide":
        cut = sorted(rng.randint(0, room) for _ in range(n))
        if rng.random() < .5:
            cut = [c - cut[0] for c in cut]
        g = [cut[0]] + [b - a for a, b in zip(cut, cut[1:])]
    else:
        raise ValueError(kind)
    s = sum(g)
    return g if s <= room else [x * room // s for x in g]
