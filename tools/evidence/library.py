#!/usr/bin/env python3
"""How well a library's modules are found, and what answers from it are worth.

    tools/evidence/library.py --model M --xquad FILE [--pmlc P] [--questions 300] [--find 1,2,4,8] [--attention 1,2,4] [--answers given,top4]

XQuAD's paragraphs are one library. Prints, as Markdown: of how many questions the paragraph is among the first K by BM25, and by
attention among 4·K of these; and right answers with the paragraph named (`given`), or with K found (`topK`), from the store with the
default repair (or `--repair R`) and without the cache, with the standard error of the difference over paragraphs."""
import argparse
import json
import math
import pathlib
import random
import subprocess
import tempfile
from xml.sax.saxutils import escape, quoteattr

import xquad

WINDOW = 6000


class Library:
    def __init__(self, options, folder):
        self.options, self.folder = options, pathlib.Path(folder)
        with open(options.xquad, encoding="utf-8") as file:
            paragraphs = [p for article in json.load(file)["data"] for p in article["paragraphs"]]
        modules = "".join(f'<module name="p{i}">{escape(p["context"])}&#10;</module>' for i, p in enumerate(paragraphs))
        (self.folder / "schema.pml").write_text(
            f'<schema name="library"><system>Answer from these documents.&#10;<library name="docs" window="{WINDOW}">'
            f"{modules}</library></system></schema>")
        asked = [(i, entry) for i, p in enumerate(paragraphs) for entry in p["qas"]]
        chosen = random.Random(options.seed).sample(asked, options.questions)
        self.questions = [(i, xquad.Question(q["question"], [a["text"] for a in q["answers"]])) for i, q in chosen]

    def pmlc(self, *arguments):
        command = [str(pathlib.Path(self.options.pmlc).resolve()), *arguments, "--model", str(pathlib.Path(self.options.model).resolve()),
                   "--store", "store"]
        run = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(run.stderr)
        return run.stdout

    def prompts(self, references):
        """references: what stands for the library, by the paragraph of the question"""
        names = []
        for index, (paragraph, question) in enumerate(self.questions):
            names.append(f"{index}.pml")
            (self.folder / names[-1]).write_text(
                f'<prompt schema="library">{references(paragraph)}<user>{escape(question.text)}</user></prompt>')
        return names

    def found_by_words(self, most):
        """-> for each question the paragraphs that suit it, the best first"""
        return [[int(m["path"][6:]) for m in json.loads(self.pmlc("find", "library", q.text, "--top", str(most), "--json"))["modules"]]
                for _, q in self.questions]

    def found_by_attention(self, count):
        names = self.prompts(lambda _: f'<docs top="{count}" rank="attention"/>')
        lines = self.pmlc("run", *names, "--json", "--max-tokens", "1", "--repair", "0").splitlines()
        return [[int(m["path"][6:]) for m in reversed(json.loads(line)["modules"])] for line in lines]

    def audit(self, references):
        names = self.prompts(references)
        repair = ["--repair", self.options.repair] if self.options.repair else []
        lines = self.pmlc("audit", *names, "--max-tokens", str(self.options.tokens), "--json", "--joint", "off", *repair).splitlines()
        reports = [json.loads(line) for line in lines]
        return [report for report in reports if "prompt" in report][: len(names)]


def share(values):
    values = list(values)
    return 100 * sum(values) / len(values)


def standard_error(differences, groups):
    """of the mean, where those of one paragraph are not independent"""
    mean = sum(differences) / len(differences)
    sums = {}
    for difference, group in zip(differences, groups):
        sums[group] = sums.get(group, 0) + difference - mean
    return math.sqrt(sum(x * x for x in sums.values())) / len(differences)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--xquad", required=True, type=pathlib.Path)
    parser.add_argument("--pmlc", default=".build/release/pmlc")
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=24, help="of each answer at most")
    parser.add_argument("--find", default="1,2,4,8")
    parser.add_argument("--attention", default="1,2,4")
    parser.add_argument("--answers", default="given,top4")
    parser.add_argument("--repair")
    options = parser.parse_args()
    numbers = lambda text: [int(part) for part in text.split(",") if part]
    with tempfile.TemporaryDirectory() as folder:
        library = Library(options, folder)
        library.pmlc("warm", "schema.pml")
        wanted = [paragraph for paragraph, _ in library.questions]
        if options.find or options.attention:
            words = library.found_by_words(max(numbers(options.find) + [8]))
            print("| first | BM25 | attention | of those among 4·K by BM25 |\n| --- | --- | --- | --- |", flush=True)
            for count in sorted(set(numbers(options.find)) | set(numbers(options.attention))):
                row = [f"{share(p in f[:count] for p, f in zip(wanted, words)):.1f} %", "", ""]
                if count in numbers(options.attention):
                    found = library.found_by_attention(count)
                    deeper = words if 4 * count <= len(words[0]) else library.found_by_words(4 * count)
                    there = [p in f[: 4 * count] for p, f in zip(wanted, deeper)]
                    right = [p in f[:count] for p, f in zip(wanted, found)]
                    row[1] = f"{share(right):.1f} %"
                    row[2] = f"{100 * sum(right) / max(sum(there), 1):.1f} %"
                print(f"| {count} | {' | '.join(row)} |", flush=True)
        if options.answers:
            print("\n| documents | from the store | without the cache | difference | equal answers | computed |\n" + "| --- " * 6 + "|", flush=True)
        for kind in options.answers.split(",") if options.answers else []:
            references = (lambda p: f"<docs><p{p}/></docs>") if kind == "given" else (lambda _: f'<docs top="{kind[3:]}"/>')
            reports = library.audit(references)
            cached = [q.is_right(r["cached"]["text"]) for (_, q), r in zip(library.questions, reports)]
            plain = [q.is_right(r["baseline"]["text"]) for (_, q), r in zip(library.questions, reports)]
            lost = [c - p for c, p in zip(cached, plain)]
            equal = share(r["cached"]["text"] == r["baseline"]["text"] for r in reports)
            computed = share((r["prompt_tokens"] - r["cached_tokens"]) / r["prompt_tokens"] for r in reports)
            print(f"| {kind} | {share(cached):.1f} % | {share(plain):.1f} % | {share(lost):+.1f} ± {100 * standard_error(lost, wanted):.1f} | "
                  f"{equal:.1f} % | {computed:.0f} % |", flush=True)


if __name__ == "__main__":
    main()
