"""The loss: next tokens, and where some heads look when an answer is copied."""
import torch
import torch.nn.functional as F

from layout import WEIGHT_ANSWER


class CopyLoss:
    """-log of the attention that the copying heads give to the token of the document that comes next.

    Without it, the model finds out only slowly that it must look up the words of its answers."""

    def __init__(self, config, copies):
        self.heads, self.copies, self.total = config.copy_heads, copies, 0.
        self.n = sum(len(c.queries) for c in copies)

    def look(self, layer, q, k):
        group = q.shape[1]
        for c in self.copies:
            for h in range(self.heads.get(layer, 0)):
                scores = q[h // group, h % group, c.start + c.queries] @ k[h // group, c.start:c.end].T
                scores = scores.float().masked_fill(c.hidden, -1e30)
                self.total = self.total + F.cross_entropy(scores, c.keys, reduction="sum") / self.n


class Result:
    """loss, copy_loss, answer_loss, text_loss; right: for each answer, whether all of it and </s> is predicted"""


def compute(model, batch, text_share=1., copy=True, bfloat16=True):
    """text_share: the share of the tokens other than answers that take part (they stand for all of them)"""
    r = Result()
    copying = CopyLoss(model.c, batch.copies if copy else [])
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        h = model(batch, copying.look)
        keep = batch.weights > 0
        if text_share < 1:
            keep &= (batch.weights == WEIGHT_ANSWER) | (torch.rand(len(batch)) < text_share)
        keep = keep.nonzero().squeeze(1)
        logits = model.logits(h[keep])
    logits = logits.float()
    each = F.cross_entropy(logits, batch.targets[keep], reduction="none")
    weights = batch.weights[keep]
    answer = weights == WEIGHT_ANSWER
    weights = torch.where(answer, weights, weights / text_share)
    r.loss = (each * weights).sum() / weights.sum()
    r.copy_loss = torch.as_tensor(copying.total)
    r.answer_loss, r.text_loss = float(each.detach()[answer].mean()), float(each.detach()[~answer].mean())
    hit = torch.ones(len(batch), dtype=torch.bool)
    hit[keep] = logits.argmax(-1) == batch.targets[keep]
    r.right = [bool(hit[a:b].all()) for a, b in batch.answers]
    return r
