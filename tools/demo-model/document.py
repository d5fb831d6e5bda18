"""The text of one document, with the place of every value in it."""
from words import ALL_WORDS


class Piece:
    """A run of text: plain text, or the argument of a parameter.  spans: attribute -> (start, end) of its value."""

    def __init__(self, text="", argument=False):
        self.text, self.argument, self.spans = text, argument, {}

    def add(self, text, key=None):
        if key:
            self.spans[key] = (len(self.text), len(self.text) + len(text))
        self.text += text


def any_value(w):
    """A value that need not suit its attribute: in training it forces copying instead of guessing."""
    k = w.r.random()
    if k < .5:
        return w.r.choice(ALL_WORDS)
    if k < .65:
        return w.r.choice(ALL_WORDS) + " " + w.r.choice(ALL_WORDS)
    if k < .8:
        return w.num(1, 9999)
    return w.word() if k < .9 else w.num(2, 99) + " " + w.r.choice(ALL_WORDS)


# what stands before an argument, and before the text that follows it; the second is how often
ARGUMENT_EDGES = [((" ", ""), .7), (("", ""), .1), ((" ", "\n"), .1), (("\n", "\n"), .1)]


def make_document(w, entity, attributes, filler=.25, pronouns=.25, parameters=False, mix=0.):
    """-> [Piece]: begins with a line break and does not end with one; arguments only where `parameters`.

    mix: the share of values that need not suit their attribute."""
    r, d = w.r, entity.d
    keys = r.sample(list(d["attrs"]), min(attributes, len(d["attrs"])))
    pieces = [Piece("\n")]
    sentences = 0

    def sentence(*parts):
        nonlocal sentences
        if sentences:
            pieces[-1].add(" ")
        sentences += 1
        for part in parts:
            pieces[-1].add(*part)

    full = dict(n=entity.name)
    if r.random() < .5:
        pieces[-1].add(r.choice(d["heads"]).format(**full))
    if r.random() < .35:
        sentence((r.choice(d["intro"]).format(**full),))
    for k in keys:
        make, statements, _ = d["attrs"][k]
        v = any_value(w) if mix and r.random() < mix else make(w)
        entity.values[k] = v
        t = r.choice(statements)
        kind = "full" if r.random() < .4 else "short"
        # a pronoun only as the subject or owner at the start of a later sentence
        if sentences and t.startswith(("{N}", "{S}")) and "{n}" not in t and "{s}" not in t and r.random() < pronouns:
            kind = "pronoun"
        before, after = (x.format(**entity.refs(kind)) for x in t.split("{v}"))
        if parameters:
            lead, follow = r.choices(*zip(*ARGUMENT_EDGES))[0]
            sentence((before.rstrip(" "),))
            argument = Piece(lead, True)
            argument.add(v, k)
            pieces += [argument, Piece(follow + after)]
        else:
            sentence((before,), (v, k), (after,))
        if r.random() < filler / 3:
            sentence((r.choice(d["filler"]).format(**entity.refs("full")),))
    return pieces
