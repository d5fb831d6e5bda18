"""Repair: cached tokens that are computed again, as far as the definition alone says which.

What the new text attends to most is measured as `docs/accuracy.md` has it for a family, so for most shares this gives
bounds; for 0, for 1, and where the first four tokens of the modules take the budget to the last token, it gives the
tokens themselves."""
import math
from fractions import Fraction


class Undetermined(Exception):
    pass


class Repair:
    def __init__(self, prefill, share):
        """share: of the cached tokens that are not exact, as text or a number"""
        self.prefill, self.share = prefill, Fraction(str(share))
        self.candidates = [(i, j) for i, j in prefill.cached() if not prefill.exact[i]]

    @property
    def budget(self):
        return math.ceil(self.share * len(self.candidates))

    @property
    def most(self):
        """-> how many may be computed again"""
        if not self.budget:
            return 0
        longest = max(len(tokens) for tokens in self._modules().values())
        return min(len(self.candidates), self.budget + longest - 1)

    def tokens(self):
        """-> which tokens are computed again. Throws Undetermined."""
        if self.budget in (0, len(self.candidates)):
            return self.candidates[:self.budget]
        modules = self._modules()
        parts = {path: {i for i, _ in tokens} for path, tokens in modules.items()}
        first = [token for tokens in modules.values() for token in tokens[:4]]
        if () in modules or any(len(p) > 1 for p in parts.values()) or len(first) != self.budget:
            raise Undetermined(f"{self.budget} of {len(self.candidates)} tokens")
        return first

    def apply(self):
        self.prefill.again |= set(self.tokens())

    def _modules(self):
        """-> {path: [(part, token)]} of what is not exact"""
        found = {}
        for i, j in self.candidates:
            found.setdefault(self.prefill.prompt.parts[i].piece.module.path, []).append((i, j))
        return found
