"""What weights in 8 bits cost: how far next-token distributions, and answers, are from those of the weights as stored.

    python3 bench/weights/loss.py [--model DIR] [--vocabulary N] [--prompts N] [--tokens N]

Each prompt is a question about made-up documents, as the model that ships was trained to answer, with names that it was
not trained on. It is answered twice with `pmlc run --no-cache`, greedily. Distributions are compared where both answers
have gone the same way so far: Kullback-Leibler divergence of the stored weights' from the 8-bit ones' in nats, and
whether the likeliest token is the same.
"""

import argparse
import json
import math
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/demo-model"))
from generator import make_sample, prompt  # noqa: E402


def write(folder, sample, question):
    """A schema with the documents as they are, and a prompt that asks."""
    text = escape(prompt(sample))
    (folder / "s.pml").write_text(
        f'<schema name="s"><module name="m" xml:space="preserve">{text}</module></schema>', encoding="utf-8")
    (folder / "p.pml").write_text(
        f'<prompt schema="s"><m/>{escape(question.text)}</prompt>', encoding="utf-8")


def answer(folder, weights, arguments):
    command = [str(ROOT / ".build/release/pmlc"), "run", "p.pml", "--schema", "s.pml", "--no-cache", "--json",
               "--weights", weights, "--max-tokens", str(arguments.tokens), "--logprobs", str(arguments.vocabulary),
               "--store", str(folder / "store")]
    if arguments.model:
        command += ["--model", arguments.model]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    return json.loads(run.stdout)


def distributions(result):
    return [{entry["token_id"]: entry["logprob"] for entry in position["top"]} for position in result["logprobs"]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", help="a model folder; the model that ships without it")
    parser.add_argument("--vocabulary", type=int, default=2048, help="tokens of its vocabulary")
    parser.add_argument("--prompts", type=int, default=150)
    parser.add_argument("--tokens", type=int, default=16, help="of an answer, at most")
    arguments = parser.parse_args()
    if arguments.model:
        arguments.model = str(pathlib.Path(arguments.model).resolve())
    rng = random.Random(777)
    divergences, same, exact, equal = [], [], {"stored": 0, "q8": 0}, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for _ in range(arguments.prompts):
            sample = make_sample(rng, "held", rng.randint(4, 8), (3, 7), 1)
            question = sample.questions[0]
            write(folder, sample, question)
            results = {weights: answer(folder, weights, arguments) for weights in exact}
            for weights, result in results.items():
                exact[weights] += result["text"] == question.answer and result["finish_reason"] == "stop"
            stored, q8 = results["stored"], results["q8"]
            equal += stored["token_ids"] == q8["token_ids"]
            pairs = zip(distributions(stored), distributions(q8), stored["token_ids"], q8["token_ids"])
            for p, q, token, other in pairs:
                divergences.append(sum(math.exp(p[t]) * (p[t] - q[t]) for t in p.keys() & q.keys()))
                same.append(token == other)
                if token != other:
                    break
    ordered = sorted(divergences)
    print(f"prompts                    {arguments.prompts}, with {len(same)} tokens compared")
    print(f"divergence, nats           mean {statistics.mean(divergences):.2e}, median {statistics.median(divergences):.2e}, "
          f"99 % below {ordered[int(0.99 * (len(ordered) - 1))]:.2e}")
    print(f"likeliest token the same   {100 * statistics.mean(same):.1f} %")
    print(f"answer the same            {100 * equal / arguments.prompts:.1f} %")
    if not arguments.model:
        print(f"answer right               stored {100 * exact['stored'] / arguments.prompts:.1f} %, "
              f"q8 {100 * exact['q8'] / arguments.prompts:.1f} %")


if __name__ == "__main__":
    main()
