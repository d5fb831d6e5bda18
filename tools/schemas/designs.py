"""Measures what the design of a schema costs a model: the figures of docs/schemas.md.

    tools/schemas/designs.py MODEL [--pmlc .build/release/pmlc] [--sets N] [--only WORD]

For each design of one content the same questions are asked of documents that are made up anew for each set, and `pmlc audit` compares the
answers with plain inference. An answer is right if it holds the right word. Printed are, of plain inference and of the cache, the shares
of right answers with their standard errors, the mean divergence, and the share of answers that are the same.
"""

import argparse
import json
import math
import pathlib
import random
import re
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).parents[2]
ORDERS = "You answer questions from the documents. Answer with one short sentence."


class Words:
    """Names and numbers, each once, so that a question has one right answer."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.used = set()

    def new(self, make):
        while (word := make()) in self.used:
            pass
        self.used.add(word)
        return word

    def name(self):
        heads, tails = "Ar Bel Dru Fos Gil Har Ilm Kar Lom Mer Nas Osk Pel Ros Tav Ul Vin Wes Zan", "by den fold gar low mar nick ra sted ven"
        return self.new(lambda: self.random.choice(heads.split()) + self.random.choice(tails.split()))

    def person(self):
        first, last = "Ada Bruno Carla Edwin Flora Georg Hilda Ivo Lena Max Nora Otto Paula Rolf Stella Tom", "Abend Brink Callan Dorn Ekman Fabre Gruber Hahn Isaksen Jelic Kovac Lorenz Mohr Nagy Ortega Palme"
        return self.new(lambda: f"{self.random.choice(first.split())} {self.random.choice(last.split())}")

    def number(self, low, high, step=1):
        return self.new(lambda: str(self.random.randrange(low, high, step)))

    def one_of(self, words):
        return self.random.choice(words.split())


def museum(words):
    name, guide, thing = words.name() + " Museum", words.person(), words.one_of("clocks lamps coins kites maps masks shells")
    year, price, bus = words.number(1800, 1990), words.number(40, 190), words.number(11, 99)
    text = (
        f"{name}\nThe {name} was opened in {year}, in a mill that had been empty for many years. It shows {thing} from all over the world. A ticket "
        f"costs {price} cents; children enter free. Visitors take bus {bus}, which stops at the gate. Tours start every hour and are led by "
        f"{guide}. On Mondays the {name} is closed.")
    return name, text, [
        (f"In which year was the {name} opened?", year), (f"What does the {name} show?", thing),
        (f"Which bus goes to the {name}?", bus), (f"Who leads the tours of the {name}?", guide.split()[1])]


def ship(words):
    name, captain, cargo = "the ship " + words.name(), words.person(), words.one_of("salt wool copper tea oranges timber glass")
    year, length, crew = words.number(1800, 1990), words.number(31, 199), words.number(5, 60)
    short = name.removeprefix("the ")
    text = (
        f"{short.capitalize()}\nThe {short} was built in {year} for the northern route. She is {length} metres long and has a crew of {crew}. Her "
        f"captain is {captain}, who knows every harbour of the coast. The {short} carries {cargo}, and on the way back whatever there is. "
        f"In winter she lies in the dock to be painted.")
    return name, text, [
        (f"In which year was {name} built?", year), (f"What does {name} carry?", cargo),
        (f"How long is {name}?", length), (f"Who is the captain of {name}?", captain.split()[1])]


def school(words):
    name, head, sport = words.name() + " School", words.person(), words.one_of("rowing fencing judo hockey tennis climbing chess")
    year, pupils, street = words.number(1800, 1990), words.number(110, 990), words.name() + " Street"
    text = (
        f"{name}\nThe {name} has {pupils} pupils and a garden in which they grow vegetables. It was founded in {year}. The head teacher is {head}, who "
        f"also teaches physics. The school is known for {sport}: its team has won the cup of the county. The building in {street} is older "
        f"than the school itself.")
    return name, text, [
        (f"In which year was the {name} founded?", year), (f"How many pupils does the {name} have?", pupils),
        (f"Who is the head teacher of the {name}?", head.split()[1]), (f"Which sport is the {name} known for?", sport)]


def inn(words):
    name, owner, dish = words.name() + " Inn", words.person(), words.one_of("trout goulash pancakes venison dumplings pie stew")
    year, rooms, height = words.number(1800, 1990), words.number(6, 40), words.number(310, 2600, 10)
    text = (
        f"{name}\nThe {name} stands at a height of {height} metres, where the road over the pass begins. {owner} has run it since {year}. There are "
        f"{rooms} rooms, all of them with a view of the lake. The kitchen is famous for its {dish}. Dogs are welcome; breakfast is served until "
        f"eleven.")
    return name, text, [
        (f"How high does the {name} stand?", height), (f"Who runs the {name}?", owner.split()[1]),
        (f"How many rooms does the {name} have?", rooms), (f"Which dish is the {name} famous for?", dish)]


class Content:
    """Four documents of one set, and the questions about them."""

    def __init__(self, seed):
        words = Words(seed)
        made = [kind(words) for kind in (museum, ship, school, inn)]
        words.random.shuffle(made)
        self.documents = [text for _, text, _ in made]
        self.questions = [question for _, _, questions in made for question in questions]
        self.other = " ".join(museum(words)[1] for _ in range(12))


def modules(content, attribute="", between=lambda number: ""):
    return "\n".join(
        f'<module name="d{number}"{attribute}>\n\n{document}\n</module>{between(number)}' for number, document in enumerate(content.documents))


def modules_from(content, first):
    return "\n".join(
        f'<module name="d{number}">\n\n{content.documents[number]}\n</module>' for number in range(first, len(content.documents)))


def references(content, first=0):
    return "".join(f"<d{number}/>" for number in range(first, len(content.documents)))


def ask(content, question, *, front="", behind="", references=references):
    return f'<prompt schema="s">{front}{references(content)}{behind}<user>{question}</user></prompt>'


def schema(body, attributes=""):
    return f'<schema name="s"{attributes}>{body}</schema>'


def together(content):
    return f'<scaffold modules="{" ".join(f"d{n}" for n in range(len(content.documents)))}"/>'


def gap(content, words):
    """Behind each document a module that no prompt imports, of about so many tokens."""
    filler = " ".join(content.other.split()[:words])
    return lambda number: f'<module name="gap{number}">{filler}</module>'


DESIGNS = {
    "roles": {
        "documents in the system turn, `context`": lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>"),
        "no roles: documents, then `Question:` and `Answer:`": (
            lambda c: schema(f"{ORDERS}\n{modules(c)}"),
            lambda c, q: f'<prompt schema="s">{references(c)}\n\nQuestion: {q}\nAnswer:</prompt>'),
        "documents between the system turn and the user's": lambda c: schema(f"<system>{ORDERS}</system>{modules(c)}"),
        "documents ahead of the system turn": lambda c: schema(f"{modules(c)}<system>{ORDERS}</system>"),
    },
    "what a module sees": {
        "`context`": lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>"),
        "`isolated`": lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>", ' attention="isolated"'),
        "`isolated` documents, schema text in `context`": lambda c: schema(
            f"<system>{ORDERS}\n" + modules(c, ' attention="isolated"') + "</system>"),
        "together, by a `scaffold`": lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>{together(c)}"),
        "`context`, joint encodings": (lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>"), ask, ("--joint", "make")),
        "`isolated`, joint encodings": (
            lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>", ' attention="isolated"'), ask, ("--joint", "make")),
        "`context`, `--repair 0.3`": (lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>"), ask, ("--repair", "0.3")),
        "`isolated`, `--repair 0.3`": (
            lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>", ' attention="isolated"'), ask, ("--repair", "0.3")),
    },
    # The documents are encoded together, so that what stands behind them is all that has not seen them.
    "text behind the documents": {
        "orders ahead of the documents": lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>{together(c)}"),
        "orders behind them, in the schema": lambda c: schema(f"<system>{modules(c)}\n\n{ORDERS}</system>{together(c)}"),
        "orders behind them, `cache=\"false\"`": (
            lambda c: schema(
                f'<system>{modules(c)}<module name="orders" cache="false">\n\n{ORDERS}</module></system>{together(c)}'),
            lambda c, q: ask(c, q, behind="<orders/>")),
        "orders behind them, in the prompt": (
            lambda c: schema(f"<system>{modules(c)}</system>{together(c)}"),
            lambda c, q: ask(c, f"{ORDERS} {q}")),
        "a sentence behind each, in the schema": lambda c: schema(
            f"<system>{ORDERS}\n" + modules(c, between=lambda n: f"\n\nThis was document {n + 1} of {len(c.documents)}.\n")
            + f"</system>{together(c)}"),
        "a line behind each, in the schema": lambda c: schema(
            f"<system>{ORDERS}\n" + modules(c, between=lambda n: "\n\n---\n") + f"</system>{together(c)}"),
    },
    "a document that all prompts have": {
        "a module beside the others": lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>"),
        "text of the schema, ahead of the others": (
            lambda c: schema(f"<system>{ORDERS}\n\n{c.documents[0]}\n{modules_from(c, 1)}</system>"),
            lambda c, q: ask(c, q, references=lambda c: references(c, 1))),
        "a module around the others": (
            lambda c: schema(f'<system>{ORDERS}\n<module name="d0">\n\n{c.documents[0]}\n{modules_from(c, 1)}</module></system>'),
            lambda c, q: f'<prompt schema="s"><d0>{references(c, 1)}</d0><user>{q}</user></prompt>'),
    },
    "gaps in fixed schemas": {
        "`compact`": lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>"),
        "`fixed`, no gaps": lambda c: schema(f"<system>{ORDERS}\n{modules(c)}</system>", ' positions="fixed"'),
    } | {
        f"`fixed`, {words} words left out behind each": (lambda words: lambda c: schema(
            f"<system>{ORDERS}\n{modules(c, between=gap(c, words))}</system>", ' positions="fixed"'))(words)
        for words in (5, 20, 60, 120, 250)
    },
}


def document_with_parameter(text, positions=""):
    """One document without roles, so that nothing but the text around the parameter is encoded otherwise than in the prompt."""
    def make(c):
        return schema(f'{ORDERS}\n<module name="d0">\n\n{text(c.documents[0])}\n</module>', positions)
    return make, lambda c, q: f'<prompt schema="s"><d0 guide="Selma Brandt"/>\n\nQuestion: {q}\nAnswer:</prompt>'


def parameter(attributes, behind="", positions=""):
    return document_with_parameter(
        lambda document: f'The guide of this tour is <parameter name="guide" {attributes}/>{behind}\n{document}', positions)


def last_parameter(attributes, positions=""):
    return document_with_parameter(
        lambda document: f'{document}\nThe guide of this tour is <parameter name="guide" {attributes}/>', positions)


FIXED = ' positions="fixed"'
REST = ", who meets you at the gate."
DESIGNS["a parameter in the middle"] = {
    "`compact`, no placeholder": parameter('length="16"', REST),
    "`compact`, `scaffold` of another name": parameter('length="16" scaffold="Karl Weber"', REST),
    "`compact`, `scaffold` of other words": parameter('length="16" scaffold="the name"', REST),
    "`compact`, `scaffold` the argument itself": parameter('length="16" scaffold="Selma Brandt"', REST),
    "`compact`, no placeholder, a sentence's end behind it": parameter('length="16"', "."),
    "`compact`, no placeholder, at the end of the module": last_parameter('length="16"'),
    "`fixed`, exact room, `scaffold` the argument itself": parameter('length="EXACT" scaffold="Selma Brandt"', REST, FIXED),
    "`fixed`, exact room, `scaffold` of another name": parameter('length="EXACT" scaffold="Karl Weber"', REST, FIXED),
    "`fixed`, one position more": parameter('length="EXACT1" scaffold="Selma Brandt"', REST, FIXED),
    "`fixed`, 12 positions more": parameter('length="EXACT12" scaffold="Selma Brandt"', REST, FIXED),
    "`fixed`, 12 positions more, at the end of the module": last_parameter('length="EXACT12"', FIXED),
    "`fixed`, exact room, no placeholder": parameter('length="EXACT"', REST, FIXED),
}


def measure(name, design, options, folder):
    make, prompt, arguments = (design if isinstance(design, tuple) else (design, ask)) + ((),) * (3 - (len(design) if isinstance(design, tuple) else 2))
    lines = []
    for seed in range(options.sets):
        content = Content(1000 + seed)
        text = make(content)
        text = re.sub(r'"EXACT(\d*)"', lambda m: f'"{4 + int(m[1] or 0)}"', text)
        (folder / "s.pml").write_text(text)
        files = []
        # A design of one document is asked about that one.
        questions = content.questions[:4] if "<d0 " in prompt(content, "?") else content.questions
        for number, (question, right) in enumerate(questions):
            file = folder / f"{number}.pml"
            file.write_text(prompt(content, question))
            files.append(str(file))
        command = [
            options.pmlc, "audit", "--schema", str(folder / "s.pml"), "--model", options.model, "--store", str(folder / "store"), "--kv", options.kv,
            "--max-tokens", str(options.tokens), "--json", *arguments, *files]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"designs: {name}: {done.stderr}")
        reports = [json.loads(line) for line in done.stdout.splitlines()]
        lines += [(report, right) for report, (_, right) in zip(reports, questions) if "prompt" in report]
    count = len(lines)
    holds = lambda answer, right: right.lower() in answer["text"].lower().replace(",", "")
    plain = sum(holds(report["baseline"], right) for report, right in lines) / count
    cached = sum(holds(report["cached"], right) for report, right in lines) / count
    error = lambda share: math.sqrt(share * (1 - share) / count)
    kl = sum(report["kl"]["mean"] for report, _ in lines) / count
    same = sum(report["cached"]["token_ids"] == report["baseline"]["token_ids"] for report, _ in lines) / count
    print(
        f"| {name} | {count} | {100 * plain:.0f} ± {100 * error(plain):.0f} % | {100 * cached:.0f} ± {100 * error(cached):.0f} % | {kl:.2g} | {100 * same:.0f} % |",
        flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--pmlc", default=str(REPOSITORY / ".build/release/pmlc"))
    parser.add_argument("--sets", type=int, default=5, help="sets of four documents, with 16 questions each")
    parser.add_argument("--tokens", type=int, default=24, help="tokens of an answer at most")
    parser.add_argument("--kv", default="f16")
    parser.add_argument("--only", default="", help="designs of groups whose title holds this")
    options = parser.parse_args()
    for group, designs in DESIGNS.items():
        if options.only not in group:
            continue
        print(f"\n| {group} | questions | right, plain | right, cached | divergence, nats | same answers |\n| --- | --- | --- | --- | --- | --- |")
        for name, design in designs.items():
            with tempfile.TemporaryDirectory() as folder:
                measure(name, design, options, pathlib.Path(folder))


if __name__ == "__main__":
    main()
