"""A sample as tokens with position IDs, targets, and who sees whom.

Every token belongs to a segment.  A token sees the tokens before it whose segments its own segment
may see.  Segments: the system text; of each document its text and the <unk> tokens in its parameter
slots; the arguments, computed later at the positions of the slots; the questions with their answers,
which start at one position and do not see each other.

modes: full      plain causal attention over the system text and all documents
       context   a document sees the system text and itself
       isolated  a document sees only itself and a <s> of its own at the position before it
A question sees the system text, the documents and the arguments, never <unk> or a document's own <s>.
"""
from gaps import gaps

UNK, BOS, EOS = 0, 1, 2
WEIGHT_SYSTEM, WEIGHT_DOCUMENT, WEIGHT_QUESTION, WEIGHT_ANSWER = .02, .1, .05, 1.


class Segment:
    def __init__(self, kind, document=None):
        self.kind, self.document = kind, document

    def sees(self, other, mode):
        """whether a token of this segment sees an earlier token of the other"""
        if self is other:
            return True
        k = other.kind
        if self.kind in ("document", "unk"):
            if k in ("document", "unk", "bos"):
                return mode == "full" or self.document == other.document
            return k == "system" and mode != "isolated"
        return self.kind in ("argument", "question") and k in ("system", "document", "argument")


class Layout:
    """Lists with an element per token: ids, positions, segment (its number), targets and weights of the loss.

    segments; system: the tokens of the system text; questions, answers: (start, end)
    ranges, those of the answers being the tokens whose targets are the answer and </s>; copies: (token whose target
    is a token of a document, that token); context: the number of tokens before the questions."""

    def __init__(self, mode):
        self.mode = mode
        self.ids, self.positions, self.segment, self.targets, self.weights = [], [], [], [], []
        self.segments, self.questions, self.answers, self.copies = [], [], [], []
        self.context = self.system = 0

    def __len__(self):
        return len(self.ids)

    def open(self, kind, document=None):
        self.segments.append(Segment(kind, document))
        return len(self.segments) - 1

    def add(self, segment, ids, position, weight=0., following=None):
        """tokens at consecutive positions; following: the target of the last one"""
        n = len(ids)
        self.ids += ids
        self.positions += range(position, position + n)
        self.segment += [segment] * n
        if n:
            self.targets += ids[1:] + [following or 0]
            self.weights += [weight] * (n - 1) + [0. if following is None else weight]


def lay_out(rng, sample, encoder, mode="full", gap="none", bos=True, own_bos=True):
    """gap: the kind of gaps (gaps.py), or the gaps themselves; bos: whether the prompt starts with <s>;
    own_bos: whether isolated documents see one of their own"""
    system = ([BOS] if bos else []) + encoder.ids(sample.system)
    documents = []
    length = len(system)
    for d in sample.documents:
        pieces = []
        for p in d:
            ids, where = encoder.spans(p.text, p.spans)
            slot = p.argument and mode != "full"
            room = len(ids) + (rng.choice([0, 0, 1, 2, 4]) if slot else 0)
            pieces.append((ids, where, slot, room))
            length += room
        documents.append(pieces)
    questions = [(encoder.ids(q.text), encoder.ids(q.answer), q.source) for q in sample.questions]
    length += max(len(q) + len(a) for q, a, _ in questions) + 3
    g = gap if isinstance(gap, list) else gaps(rng, len(documents) + 2, length, gap)
    out = Layout(mode)
    value = {}                                  # (document, attribute) -> the tokens of its value

    p = g[0]
    out.add(out.open("system"), system, p, WEIGHT_SYSTEM)
    out.system = len(system)
    p += len(system)
    arguments = []
    for i, pieces in enumerate(documents):
        p += g[i + 1]
        if mode == "isolated" and own_bos:
            p = max(p, 1)
            out.add(out.open("bos", i), [BOS], p - 1)
        text = out.open("document", i)
        unk = out.open("unk", i) if any(slot for _, _, slot, _ in pieces) else None
        for j, (ids, where, slot, room) in enumerate(pieces):
            if slot:
                out.add(unk, [UNK] * room, p)
                arguments.append((i, p, ids, where))
            else:
                for k, at in where.items():
                    value[i, k] = [len(out) + x for x in at]
                last = j + 1 == len(pieces) or pieces[j + 1][2]
                out.add(text, ids, p, WEIGHT_DOCUMENT, None if last else pieces[j + 1][0][0])
            p += room
    for i, at_position, ids, where in arguments:
        for k, at in where.items():
            value[i, k] = [len(out) + x for x in at]
        out.add(out.open("argument"), ids, at_position, WEIGHT_DOCUMENT)
    out.context = len(out)
    p += g[-1]
    for q, a, source in questions:
        start, segment = len(out), out.open("question")
        out.add(segment, q, p, WEIGHT_QUESTION, a[0])
        out.weights[-1] = WEIGHT_ANSWER
        first = len(out) - 1
        out.add(segment, a, p + len(q), WEIGHT_ANSWER, EOS)
        out.questions.append((start, len(out)))
        out.answers.append((first, len(out)))
        if source and len(value[source]) == len(a):
            out.copies += [(first + n, x) for n, x in enumerate(value[source])]
    return out
