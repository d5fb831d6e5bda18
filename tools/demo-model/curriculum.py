"""What is trained on when: stages from one or two documents to twenty-four."""
from collections import namedtuple

from generator import make_sample
from layout import lay_out

# attributes: least and most in a document; many: of the prompts a share that has more documents, and how many;
# parameters: share of user and trip documents with arguments;
# the stage ends at this fraction of the training, or when this share of the answers is right
Stage = namedtuple("Stage", "documents attributes questions unanswered parameters easy many end good tokens")
STAGES = [
    Stage((1, 2), (2, 5), 8, .00, .1, True, (0, None), .10, .80, 4096),
    Stage((1, 4), (2, 6), 14, .03, .3, True, (0, None), .20, .85, 4096),
    Stage((2, 6), (2, 8), 18, .06, .4, False, (0, None), .35, .90, 6144),
    Stage((3, 8), (2, 10), 24, .10, .4, False, (.05, (8, 16)), .60, .94, 6144),
    Stage((3, 8), (2, 10), 24, .16, .4, False, (.20, (8, 24)), 1, 2, 6144),
]
MANY_QUESTIONS = 40

# schemas also say other things outside their documents
NOTES = ["All names are made up.", "The pages below are about our staff, towns and products.", "Be brief and polite.",
         "The user is planning a trip.", "Read every document with care.", "Here is the handbook of the company."]


def mix(fraction, start=.5):
    """the share of values that do not suit their attribute: fades out between 50 % and 80 % of the training"""
    return start * (1 - min(1, max(0, (fraction - .5) / .3)))


def draw(rng, stage, fraction, encoder):
    """-> the layout of a training sample"""
    documents, questions = rng.randint(*stage.documents), stage.questions
    share, count = stage.many
    if rng.random() < share:
        documents, questions = rng.randint(*count), MANY_QUESTIONS
    s = make_sample(rng, "train", documents, stage.attributes, questions, stage.unanswered, stage.parameters,
                    rng.choice([.3, .6, 1.]), stage.easy, mix(fraction))
    if s.system and rng.random() < .2:
        s = s._replace(system=" ".join([s.system] + rng.sample(NOTES, rng.randint(1, 2))))
    mode = rng.choices(["full", "context", "isolated"], [.4, .3, .3])[0]
    gap = rng.choices(["none", "small", "mid", "wide"], [.35, .25, .25, .15])[0]
    return lay_out(rng, s, encoder, mode, gap, bos=rng.random() < .96, own_bos=rng.random() < .8)


class Batches:
    """layouts of about stage.tokens tokens together"""

    def __init__(self, rng, encoder):
        self.rng, self.encoder, self.left = rng, encoder, None

    def next(self, stage, fraction):
        out, n = [], 0
        while True:
            s = self.left or draw(self.rng, stage, fraction, self.encoder)
            self.left = None
            if out and n + len(s) > stage.tokens * 1.1:
                self.left = s
                return out
            out.append(s)
            n += len(s)
