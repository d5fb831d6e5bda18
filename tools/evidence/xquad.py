"""XQuAD's paragraphs as documents, and its questions: SQuAD's form, `xquad.en.json`."""
import json
import random
import re
import string

import documents as made_up


class Question:
    kind = "one"

    def __init__(self, text, answers):
        self.text, self.answers = text, answers

    def is_right(self, answer):
        """Whether one of the answers stands in it, as SQuAD compares them: no case, articles or punctuation."""
        found = f" {_plain(answer)} "
        return any(f" {_plain(right)} " in found for right in self.answers)


def _plain(text):
    text = "".join(character for character in text.lower() if character not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def sets(path, seed, count, documents_each, questions_each):
    """-> [(documents, questions)]: paragraphs of different articles together, questions about some of these"""
    with open(path, encoding="utf-8") as file:
        articles = json.load(file)["data"]
    generator = random.Random(seed)
    paragraphs = [(a, p) for a, article in enumerate(articles) for p in article["paragraphs"]]
    found = []
    while count > 0:
        chosen, seen = [], set()
        for article, paragraph in generator.sample(paragraphs, len(paragraphs)):
            if article not in seen and len(chosen) < documents_each:
                seen.add(article)
                chosen.append(paragraph)
        asked = []
        for paragraph in generator.sample(chosen, min(questions_each, count, len(chosen))):
            entry = generator.choice(paragraph["qas"])
            asked.append(Question(entry["question"], [answer["text"] for answer in entry["answers"]]))
        count -= len(asked)
        found.append(([made_up.Document("", paragraph["context"], {}) for paragraph in chosen], asked))
    return found
