"""Compares next-token distributions of a GGUF model in the program with those that `transformers` computes, in single precision,
from the same weights dequantised.

    $(scripts/python tools) tools/gguf/distributions.py MODEL.gguf [--pmlc .build/release/pmlc] [--prompts N] [--tokens N]
        [--weights stored|q8] [--limit NATS]

Each prompt is a piece of this repository's pages, of 1,000 tokens and more. The program answers it with the likeliest tokens, and
`transformers` reads the same tokens; before each token of the answer, the Kullback-Leibler divergence of the program's distribution
from the reference's is taken, over the whole vocabulary. The exit status is 1 if the mean is past the limit.
"""

import argparse
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM

from asking import Program

REPOSITORY = pathlib.Path(__file__).parents[2]
PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md"))]


def texts(count, characters):
    """Pieces of the pages, as many, spread over all of them."""
    whole = "\n\n".join((REPOSITORY / page).read_text(encoding="utf-8") for page in PAGES)
    step = (len(whole) - characters) // max(count - 1, 1)
    for index in range(count):
        start = whole.rfind("\n\n", 0, index * step + 1) + 2 if index else 0
        yield whole[start : start + characters]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--pmlc", default=REPOSITORY / ".build/release/pmlc", type=pathlib.Path)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=16, help="next tokens of each prompt")
    parser.add_argument("--characters", type=int, default=6000, help="length of a prompt")
    parser.add_argument("--weights", default="stored", help="what the program multiplies in")
    parser.add_argument("--limit", type=float, default=1e-3)
    options = parser.parse_args()

    reference = AutoModelForCausalLM.from_pretrained(
        options.model.parent, gguf_file=options.model.name, dtype=torch.float32).eval()
    vocabulary = reference.get_input_embeddings().weight.shape[0]
    program = Program(options.pmlc, options.model, ["--weights", options.weights])
    divergences, agreeing, firsts = [], 0, []
    for text in texts(options.prompts, options.characters):
        tokens, answer = program.go_on(text, options.tokens, vocabulary)
        sequence = tokens + [token for token, _ in answer[:-1]]
        with torch.no_grad():
            logits = reference(torch.tensor([sequence]), logits_to_keep=len(answer)).logits[0]
        expected = torch.log_softmax(logits.double(), -1)
        found = torch.full_like(expected, -torch.inf)
        for place, (_, likely) in enumerate(answer):
            ids, values = zip(*likely)
            found[place, torch.tensor(ids)] = torch.tensor(values, dtype=torch.float64)
        divergence = (expected.exp() * (expected - found)).sum(-1)
        same = (expected.argmax(-1) == found.argmax(-1)).sum().item()
        divergences += divergence.tolist()
        firsts.append(divergence[0].item())
        agreeing += same
        print(f"{len(tokens)} tokens, {len(answer)} next ones: mean {divergence.mean():.2e}, at most {divergence.max():.2e} nats, "
              f"the first {divergence[0]:.2e}; likeliest the same at {same}", flush=True)
    mean = sum(divergences) / len(divergences)
    print(f"{options.model.name}, weights {options.weights}, {len(divergences)} distributions: mean {mean:.2e}, at most "
          f"{max(divergences):.2e} nats, the first of each prompt {sum(firsts) / len(firsts):.2e}; likeliest the same at {agreeing}")
    return 0 if mean <= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
