"""Random names and values.  Names are built from syllables and divided by a checksum into two splits."""
import zlib

from words import *


def cap(s):
    return s[:1].upper() + s[1:]


class World:
    """Random values for one split of the names."""

    def __init__(self, rng, split="train"):
        self.r = rng
        self.held = split != "train"
        self.people = []                      # people of this prompt, to be named as managers

    def word(self, lo=2, hi=2, end=""):
        r = self.r
        while True:
            k = r.randint(lo, hi)
            w = "".join(r.choice(ONSETS) + r.choice(VOWELS) +
                        (r.choice(INNER if i + 1 < k or end else CODAS) if r.random() < .3 else "")
                        for i in range(k)) + end
            if 4 <= len(w) <= 12 and (zlib.crc32(w.encode()) % 8 == 0) == self.held:
                return cap(w)

    def person(self):
        if self.people and self.r.random() < .3:
            return self.r.choice(self.people)
        return self.word() + " " + self.word()

    def place(self):
        return self.word(1, 2, self.r.choice(PLACE_ENDS)) if self.r.random() < .5 else self.word(2, 3)

    def firm(self):
        return self.word() + " " + self.r.choice(FIRM_ENDS)

    def event(self):
        return self.word() + " " + self.r.choice(EVENT_ENDS)

    def building(self):
        return self.word() + " " + self.r.choice(BUILDING_ENDS)

    def product(self):
        return self.word(2, 3)

    def street(self):
        return f"{self.r.randint(1, 199)} {self.word()} {self.r.choice(STREET_ENDS)}"

    def landmark(self):
        return f"{self.r.choice(LAND_A)} {self.r.choice(LAND_B)}"

    def colour(self):
        c = self.r.choice(COLOURS)
        return f"{self.r.choice(SHADES)} {c}" if self.r.random() < .3 else c

    def food(self):
        return f"{self.r.choice(FOOD_A)} {self.r.choice(FOOD_B)}"

    def date(self):
        d = f"{self.r.randint(1, 28)} {self.r.choice(MONTHS)}"
        return d + f" {self.r.randint(1990, 2029)}" if self.r.random() < .6 else d

    def year(self):
        return str(self.r.randint(1200, 2024))

    def code(self):
        r = self.r
        return "".join(r.choice("ABCDEFGHKLMNPRSTVWXZ") for _ in range(2)) + "-" + str(r.randint(100, 999))

    def num(self, lo, hi, unit=""):
        return f"{self.r.randint(lo, hi)}{unit}"

    def clock(self):
        return f"{self.r.randint(1, 12)}:{self.r.choice(['00', '15', '30', '45'])} {self.r.choice(['am', 'pm'])}"

    def pick(self, xs):
        return self.r.choice(xs)
