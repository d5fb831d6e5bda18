"""Made-up documents, and questions that only they answer.

A document says a few things about one place or firm, in sentences of several forms. A question asks about one document, about two
of them, or about all; or about one that is not there. The same seed gives the same documents everywhere."""
import random
from dataclasses import dataclass

_FRONT = "Bel Cor Dal Fen Gar Hol Jor Kes Lun Mar Nor Pel Quen Ros Sil Tam Ulv Ves Wil Yar".split()
_BACK = "ton ford wick mere ham stead bury dale port field gate haven brook cliff".split()
_GIVEN = "Anna Boris Clara David Elena Felix Greta Henry Irene Jonas Karla Leon Maria Nils Olga Peter Rosa Simon Tessa Viktor".split()
_FAMILY = "Almgren Becker Castell Dvorak Eriksen Falk Grant Holm Iversen Jansen Keller Lind Moreau Novak Olsen Petrov Quist Sander".split()
_GOODS = "clocks boots lamps bells kettles ropes barrels gloves mirrors saddles violins bricks candles ploughs".split()
_DISHES = "plum soup, barley bread, smoked eel, pear cake, onion pie, salted cheese, apple wine, lentil stew".split(", ")
_RIVERS = "Asker Brenn Corva Dunne Elva Forsa Glomma Heddal Isel Jerva".split()


@dataclass(frozen=True)
class Document:
    name: str
    text: str
    facts: dict  # what is asked for -> the words that answer it


@dataclass(frozen=True)
class Question:
    kind: str  # "one", "two", "all", "none"
    text: str
    answers: tuple  # all of these words make an answer right; any of them for "none"

    def is_right(self, answer):
        found = [word.lower() in answer.lower() for word in self.answers]
        return any(found) if self.kind == "none" else all(found)


def documents(random, count):
    names = random.sample([front + back for front in _FRONT for back in _BACK], count)
    mayors = random.sample([f"{given} {family}" for given in _GIVEN for family in _FAMILY], count)
    goods, dishes = [random.choice(_GOODS) for _ in names], [random.choice(_DISHES) for _ in names]
    return [_document(random, *facts) for facts in zip(names, mayors, goods, dishes)]


def _document(random, name, mayor, goods, dish):
    year, people, river = random.randint(1100, 1899), random.randint(12, 98) * 100, random.choice(_RIVERS)
    sentences = [
        f"The mayor of {name} is {mayor}, who was elected for six years.",
        f"{name} was founded in {year} by settlers from the north.",
        f"About {people:,} people live there today.",
        f"The town is known for its {goods}, which are sold all over the country.",
        f"It lies on the river {river}, half an hour from the sea.",
        f"Visitors are often served {dish} in the old inn at the market.",
    ]
    first, rest = sentences[0], sentences[1:]
    random.shuffle(rest)
    place = random.randrange(len(rest) + 1)
    text = f"About {name}. " + " ".join(rest[:place] + [first] + rest[place:])
    return Document(name, text, {"mayor": mayor.split()[-1], "year": str(year), "goods": goods, "river": river, "dish": dish.split()[-1]})


_ONE = {
    "mayor": "Who is the mayor of {}?",
    "year": "In what year was {} founded?",
    "goods": "What goods is {} known for?",
    "river": "On which river does {} lie?",
    "dish": "What are visitors of {} often served?",
}


def question(random, documents, kind):
    if kind == "one":
        document, asked = random.choice(documents), random.choice(sorted(_ONE))
        return Question(kind, _ONE[asked].format(document.name), (document.facts[asked],))
    if kind == "two":
        one, other = random.sample(documents, 2)
        return Question(kind, f"Who is the mayor of {one.name}, and who is the mayor of {other.name}?",
                        (one.facts["mayor"], other.facts["mayor"]))
    if kind == "all":
        return Question(kind, "Name the towns that the documents are about.", tuple(d.name for d in documents))
    if kind == "none":
        names = {d.name for d in documents}
        absent = random.choice([f + b for f in _FRONT for b in _BACK if f + b not in names])
        return Question(kind, f"Who is the mayor of {absent}? Say \"unknown\" if the documents do not tell.",
                        ("unknown", "not ", "n't ", "no "))
    raise ValueError(kind)


def sets(seed, count, documents_each, questions_each, kinds):
    """-> [(documents, questions)], each with its own names, so that many questions are not about few documents"""
    generator = random.Random(seed)
    found = []
    while count > 0:
        chosen = documents(generator, documents_each)
        asked = [question(generator, chosen, generator.choice(kinds)) for _ in range(min(questions_each, count))]
        count -= len(asked)
        found.append((chosen, asked))
    return found
