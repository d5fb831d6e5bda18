"""Attention by blocks of queries and ranges of keys.

The prompts of a batch lie one after another on one axis.  A block holds a few dozen queries of one
prompt and only the keys that they can see, so that documents that do not see each other cost nothing.
"""
import torch


class Block:
    """Queries [start, end), the ranges of keys, and an additive mask (None: all is visible)."""
    __slots__ = ("start", "end", "ranges", "mask")

    def __init__(self, start, end, ranges, mask):
        self.start, self.end, self.ranges, self.mask = start, end, ranges, mask

    def take(self, x):
        """the keys or values of x [heads, tokens, size] that the block sees"""
        if len(self.ranges) == 1:
            return x[:, self.ranges[0][0]:self.ranges[0][1]]
        return torch.cat([x[:, a:b] for a, b in self.ranges], 1)

    def give(self, x, part):
        """adds part to the places of x that `take` reads"""
        at = 0
        for a, b in self.ranges:
            x[:, a:b] += part[:, at:at + b - a]
            at += b - a


class BlockAttention(torch.autograd.Function):
    """q [key-value heads, group, tokens, size] (already scaled), k and v [key-value heads, tokens, size]"""

    @staticmethod
    @torch.autocast("cpu", enabled=False)
    def forward(ctx, q, k, v, blocks):
        heads, group, _, size = q.shape
        out = torch.empty_like(q)
        weights = []
        for b in blocks:
            n = b.end - b.start
            keys = b.take(k)
            s = q[:, :, b.start:b.end].reshape(heads, group * n, size) @ keys.transpose(1, 2)
            if b.mask is not None:
                s.view(heads, group, n, -1).add_(b.mask)
            p = torch.softmax(s, -1)
            out[:, :, b.start:b.end] = (p @ b.take(v)).view(heads, group, n, size)
            weights.append(p)
        ctx.save_for_backward(q, k, v)
        ctx.blocks, ctx.weights = blocks, weights
        return out

    @staticmethod
    def backward(ctx, grad):
        q, k, v = ctx.saved_tensors
        heads, group, _, size = q.shape
        dq = torch.empty_like(q)
        dk, dv = torch.zeros_like(k), torch.zeros_like(v)
        for b, p in zip(ctx.blocks, ctx.weights):
            n = b.end - b.start
            g = grad[:, :, b.start:b.end].reshape(heads, group * n, size)
            qs = q[:, :, b.start:b.end].reshape(heads, group * n, size)
            b.give(dv, p.transpose(1, 2) @ g)
            dp = g @ b.take(v).transpose(1, 2)
            ds = torch.ops.aten._softmax_backward_data(dp, p, -1, p.dtype)
            dq[:, :, b.start:b.end] = (ds @ b.take(k)).view(heads, group, n, size)
            b.give(dk, ds.transpose(1, 2) @ qs)
        return dq, dk, dv, None
