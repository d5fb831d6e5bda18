"""Muon: momentum, orthogonalised by five Newton-Schulz steps; matrices of one shape go together."""
import math

import torch


class Muon:
    def __init__(self, matrices, rate, momentum=.95, decay=.01):
        self.rate, self.momentum, self.decay = rate, momentum, decay
        self.groups = {}
        for p in matrices:
            self.groups.setdefault(tuple(p.shape), []).append(p)
        self.buffers = {shape: torch.zeros(len(ps), *shape) for shape, ps in self.groups.items()}

    @torch.no_grad()
    def step(self, factor):
        rate = self.rate * factor
        for shape, ps in self.groups.items():
            grad = torch.stack([p.grad for p in ps])
            buffer = self.buffers[shape]
            buffer.mul_(self.momentum).add_(grad)
            x = grad.add(buffer, alpha=self.momentum)
            tall = shape[0] > shape[1]
            if tall:
                x = x.transpose(1, 2)
            x = (x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)).bfloat16().contiguous()
            for _ in range(5):
                a = x @ x.transpose(1, 2)
                x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
            x = x.float()
            if tall:
                x = x.transpose(1, 2)
            for p, update in zip(ps, x):
                p.mul_(1 - rate * self.decay).add_(update, alpha=-.2 * math.sqrt(max(shape)) * rate)
