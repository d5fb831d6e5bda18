"""The Llama architecture in plain PyTorch, over batches without padding."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from attention import BlockAttention


class Config:
    vocabulary = 2048
    hidden = 256
    layers = 5
    heads = 4
    key_value_heads = 2
    feed_forward = 512
    theta = 500000.                             # slow enough frequencies for gaps of thousands of positions
    epsilon = 1e-5
    positions = 8192
    copy_heads = {3: 2, 4: 1}                   # layer -> heads that are taught to look at the token to copy

    def __init__(self, **changes):
        self.__dict__.update(changes)

    @property
    def head(self):
        return self.hidden // self.heads


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c

        def matrix(rows, columns, scale):
            return nn.Parameter(torch.randn(rows, columns) * scale)
        s = c.hidden ** -.5
        out = s / (2 * c.layers) ** .5
        self.attention_norm, self.mlp_norm = nn.Parameter(torch.ones(c.hidden)), nn.Parameter(torch.ones(c.hidden))
        self.q = matrix(c.heads * c.head, c.hidden, s)
        self.k = matrix(c.key_value_heads * c.head, c.hidden, s)
        self.v = matrix(c.key_value_heads * c.head, c.hidden, s)
        self.o = matrix(c.hidden, c.heads * c.head, out)
        self.gate, self.up = matrix(c.feed_forward, c.hidden, s), matrix(c.feed_forward, c.hidden, s)
        self.down = matrix(c.hidden, c.feed_forward, out)

    def forward(self, x, cos, sin, blocks):
        """-> x, queries (scaled) and keys"""
        c, n = self.c, len(x)
        h = F.rms_norm(x, (c.hidden,), self.attention_norm, c.epsilon)
        qkv = F.linear(h, torch.cat([self.q, self.k, self.v])).view(n, c.heads + 2 * c.key_value_heads, c.head)
        qk, v = qkv.split([c.heads + c.key_value_heads, c.key_value_heads], 1)
        a, b = qk.chunk(2, -1)
        qk = torch.cat([a * cos - b * sin, b * cos + a * sin], -1).to(v.dtype)
        q, k = qk.split([c.heads, c.key_value_heads], 1)
        q = q.view(n, c.key_value_heads, c.heads // c.key_value_heads, c.head) * c.head ** -.5
        q = q.permute(1, 2, 0, 3).contiguous()
        k, v = k.transpose(0, 1).contiguous(), v.transpose(0, 1).contiguous()
        seen = BlockAttention.apply(q, k, v, blocks)
        x = x + F.linear(seen.permute(2, 0, 1, 3).reshape(n, -1), self.o)
        h = F.rms_norm(x, (c.hidden,), self.mlp_norm, c.epsilon)
        gate, up = F.linear(h, torch.cat([self.gate, self.up])).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, self.down), q, k


class Llama(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.embedding = nn.Parameter(torch.randn(c.vocabulary, c.hidden) * .02)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.norm = nn.Parameter(torch.ones(c.hidden))
        frequency = c.theta ** (-torch.arange(0, c.head, 2).float() / c.head)
        angle = torch.arange(c.positions).float()[:, None] * frequency[None]
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def forward(self, batch, look=None):
        """-> hidden states; look(layer, queries, keys) is called for every layer"""
        x = F.embedding(batch.ids, self.embedding)
        cos, sin = self.cos[batch.positions][:, None], self.sin[batch.positions][:, None]
        for i, layer in enumerate(self.layers):
            x, q, k = layer(x, cos, sin, batch.blocks)
            if look:
                look(i, q, k)
        return F.rms_norm(x, (self.c.hidden,), self.norm, self.c.epsilon)

    def logits(self, h):
        return h @ self.embedding.T
