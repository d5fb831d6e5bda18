"""Seeded generator of question-answering prompts about made-up people, towns, products and so on.

No data is read.  A sample is a system text, some documents and some questions with their answers.
Proper names are divided into those for training and those held out (world.py).

    python generator.py --samples 3 --seed 1 --split held
"""
import argparse
import random
from collections import namedtuple

from document import make_document
from domains import DOMAINS, NAMED
from entity import Entity
from world import World

UNANSWERABLE = "The documents do not say."

SYSTEMS = [
    "Answer the question from the documents.",
    "Use the documents to answer the question.",
    "You are a helpful assistant. Answer from the documents.",
    "You are a helpful assistant.",
    "Read the documents and give a short answer.",
    "Here are some documents. Answer the question about them.",
    "Documents:",
    "Give short answers. Use only the text below.",
    "",
]

# documents: lists of Piece
Sample = namedtuple("Sample", "system documents questions")
# source: (document, attribute) of the answer; None where the documents do not say
Question = namedtuple("Question", "text answer source")


def ask(w, entity, key, short_form=False):
    q = w.r.choice(entity.d["attrs"][key][2])
    q = q.format(**entity.refs("full" if w.r.random() < .65 else "short"))
    return f"\nQ: {q}\nA:" if short_form else f"\nQuestion: {q}\nAnswer:"


def unanswerable(w, entity, domains, split):
    """-> (entity, attribute): an attribute that is not stated, or somebody who is not mentioned"""
    r = w.r
    if r.random() < .5 and len(entity.values) < len(entity.d["attrs"]):
        return entity, r.choice([a for a in entity.d["attrs"] if a not in entity.values])
    domain = r.choice(domains)
    if not DOMAINS[domain]["named"]:
        domain = next((x for x in NAMED if x not in domains), "city")
    other = Entity(World(r, split), domain)
    return other, r.choice(list(other.d["attrs"]))


def make_sample(rng, split="train", documents=4, attributes=(3, 8), questions=6, unanswered=.08, parameters=0.,
                same=.5, easy=False, mix=0.):
    """documents: how many; attributes: least and most of a document; unanswered: share of questions;
    parameters: share of user and trip documents with arguments; same: share of documents of one kind."""
    w, r = World(rng, split), rng
    domains = []
    one = r.choice(NAMED)
    for _ in range(documents):
        x = r.random()
        domain = one if x < same else r.choice(NAMED + ["user", "trip"])
        if not DOMAINS[domain]["named"] and domain in domains:      # there is one user and one trip
            domain = r.choice(NAMED)
        domains.append(domain)
    entities = [Entity(w, d) for d in domains]
    texts = []
    for e in entities:
        with_parameters = not e.d["named"] and r.random() < parameters
        texts.append(make_document(w, e, r.randint(*attributes), parameters=with_parameters,
                                   pronouns=.1 if easy else .25, filler=0 if easy else .25, mix=mix))
    short_form = r.random() < .12
    pairs = [(i, k) for i, e in enumerate(entities) for k in e.values]
    r.shuffle(pairs)
    asked = []
    for i, k in pairs[:questions]:
        if r.random() < unanswered:
            e, k = unanswerable(w, entities[i], domains, split)
            asked.append(Question(ask(w, e, k, short_form), " " + UNANSWERABLE, None))
        else:
            e = entities[i]
            asked.append(Question(ask(w, e, k, short_form), " " + e.values[k], (i, k)))
    return Sample(r.choice(SYSTEMS), texts, asked)


def prompt(sample):
    """the text of a sample up to its questions"""
    return sample.system + "".join(p.text for d in sample.documents for p in d)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--samples", type=int, default=3)
    ap.add_argument("--seed", type=int, default=0)
    ap.add_argument("--documents", type=int, default=4)
    ap.add_argument("--split", choices=["train", "held"], default="train")
    a = ap.parse_args()
    rng = random.Random(a.seed)
    for _ in range(a.samples):
        s = make_sample(rng, a.split, a.documents)
        print(prompt(s) + "".join(q.text + q.answer for q in s.questions) + "\n-----")


if __name__ == "__main__":
    main()
