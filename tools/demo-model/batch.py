"""Layouts one after another on one axis, and the blocks of their attention."""
import numpy as np
import torch

from attention import Block

QUERIES = 96                                    # in a block, so that its scores stay in the cache
QUESTIONS = 4                                   # in a block


class Visibility:
    def __init__(self, layout):
        self.segment = np.asarray(layout.segment)
        self.sees = np.array([[a.sees(b, layout.mode) for b in layout.segments] for a in layout.segments])

    def __call__(self, rows, columns):
        """which tokens of `columns` the tokens of `rows` see"""
        return self.sees[self.segment[rows][:, None], self.segment[columns][None]] & (columns[None] <= rows[:, None])


def runs(layout):
    """(start, end) of the parts of the prompt whose tokens can be attended to by themselves"""
    if layout.mode == "full":
        return [(0, layout.context)]
    part = [(s.document, s.kind == "argument") for s in layout.segments]
    cuts = [i for i in range(1, layout.context) if part[layout.segment[i]] != part[layout.segment[i - 1]]]
    return list(zip([0] + cuts, cuts + [layout.context]))


def ranges(layout):
    """(start, end, ranges of keys) of the blocks"""
    for start, end in runs(layout):
        kind = layout.segments[layout.segment[start]].kind
        for a in range(start, end, QUERIES):
            b = min(end, a + QUERIES)
            if kind == "argument":
                yield a, b, [(0, b)]
            elif kind == "document" and layout.mode == "context":
                yield a, b, [(0, layout.system), (start, b)]
            else:
                yield a, b, [(start, b)]
    for i in range(0, len(layout.questions), QUESTIONS):
        group = layout.questions[i:i + QUESTIONS]
        a, b = group[0][0], group[-1][1]
        yield a, b, [(0, layout.context), (a, b)]


class Copy:
    """Of one layout: tokens [start, end) of the batch, queries and keys counted from start, and what is hidden."""

    def __init__(self, start, layout, visibility):
        self.start, self.end = start, start + len(layout)
        queries, keys = np.array(layout.copies).T
        self.queries, self.keys = torch.from_numpy(queries), torch.from_numpy(keys)
        self.hidden = torch.from_numpy(~visibility(queries, np.arange(len(layout))))


class Batch:
    def __init__(self, layouts):
        def joined(name, dtype):
            return torch.tensor([x for l in layouts for x in getattr(l, name)], dtype=dtype)
        self.ids, self.positions = joined("ids", torch.long), joined("positions", torch.long)
        self.targets, self.weights = joined("targets", torch.long), joined("weights", torch.float32)
        self.blocks, self.answers, self.copies = [], [], []
        at = 0
        for l in layouts:
            see = Visibility(l)
            for a, b, keys in ranges(l):
                m = see(np.arange(a, b), np.concatenate([np.arange(x, y) for x, y in keys]))
                mask = None if m.all() else torch.from_numpy(np.where(m, 0, -1e30).astype(np.float32))
                self.blocks.append(Block(at + a, at + b, [(at + x, at + y) for x, y in keys], mask))
            self.answers += [(at + a, at + b) for a, b in l.answers]
            if l.copies:
                self.copies.append(Copy(at, l, see))
            at += len(l)

    def __len__(self):
        return len(self.ids)
