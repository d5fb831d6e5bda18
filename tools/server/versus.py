"""Asks two servers the same questions about the same documents, which come in changing order and choice, side by side.

    versus.py --ours URL --theirs URL [--requests 60] [--clients 8]

`--schema` prints the schema that ours has to have, warmed for the model; theirs gets the documents as text in messages, in the order in which
they are imported. Both serve the same GGUF file. Requests go to the one and the other in turns, round by round, so that what else the machine does meets
both. Prints medians and sums as JSON.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time

import httpx

CITIES = ["Lisbon", "Porto", "Tromso", "Graz", "Turku", "Ghent", "Split", "Cork", "Basel", "Vigo", "Bergen", "Linz"]
TOKENS = 32


def document(city):
    chooser = random.Random(city)
    facts = " ".join(
        f"In {1900 + chooser.randint(0, 99)} the {chooser.choice(['harbour', 'library', 'theatre', 'market', 'bridge', 'station'])} of {city} "
        f"was {chooser.choice(['built', 'rebuilt', 'closed', 'extended'])} at a cost of {chooser.randint(2, 90)} million, and "
        f"{chooser.randint(3, 400)} people work there." for _ in range(14))
    return f"# {city}\n{facts}"


def schema():
    modules = "\n".join(f'<module name="{city.lower()}">{document(city)}\n\n</module>' for city in CITIES)
    return f'<schema name="cities"><system>Answer the question from the documents.\n\n{modules}</system></schema>\n'


def questions(count):
    chooser = random.Random(11)
    for _ in range(count):
        chosen = chooser.sample(CITIES, 5)
        yield chosen, f"What happened to {chooser.choice(['the harbour', 'the library', 'the bridge'])} of {chosen[0]}?"


def ours(chosen, question):
    # In the order of the schema, which is where modules stand.
    references = "".join(f"<{city.lower()}/>" for city in CITIES if city in chosen)
    return {"pml": f"<prompt schema='cities'>{references}<user>{question}</user></prompt>"}


def theirs(chosen, question):
    documents = "\n\n".join(document(city) for city in chosen)
    return {"messages": [{"role": "system", "content": f"Answer the question from the documents.\n\n{documents}"},
                         {"role": "user", "content": question}]}


async def ask(client, fields, result):
    begun, first, pieces = time.monotonic(), None, 0
    body = {**fields, "temperature": 0, "max_tokens": TOKENS, "stream": True}
    async with client.stream("POST", "/v1/chat/completions", json=body) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("data: ") and line != "data: [DONE]":
                event = json.loads(line[6:])
                if event["choices"] and event["choices"][0]["delta"].get("content"):
                    first = first or time.monotonic() - begun
                    pieces += 1
    result["first"].append(first if first is not None else time.monotonic() - begun)
    result["tokens"] += pieces


async def round_of(url, batch, result):
    async with httpx.AsyncClient(base_url=url, timeout=600) as client:
        begun = time.monotonic()
        await asyncio.gather(*(ask(client, fields, result) for fields in batch))
        result["seconds"] += time.monotonic() - begun


async def run(arguments):
    results = {name: {"first": [], "tokens": 0, "seconds": 0.0} for name in ("ours", "theirs")}
    asked = list(questions(arguments.requests))
    for start in range(0, len(asked), arguments.clients):
        batch = asked[start:start + arguments.clients]
        for name, url, fields in (("ours", arguments.ours, ours), ("theirs", arguments.theirs, theirs)):
            await round_of(url, [fields(*question) for question in batch], results[name])
    for result in results.values():
        result["first_token_ms"] = round(1000 * statistics.median(result.pop("first")), 1)
        result["tokens_per_second"] = round(result["tokens"] / result["seconds"], 1)
        result["seconds"] = round(result["seconds"], 1)
    results["sooner"] = round(results["theirs"]["first_token_ms"] / results["ours"]["first_token_ms"], 2)
    results["faster"] = round(results["ours"]["tokens_per_second"] / results["theirs"]["tokens_per_second"], 2)
    print(json.dumps({"clients": arguments.clients, **results}))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours")
    parser.add_argument("--theirs")
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--schema", action="store_true", help="prints the schema")
    arguments = parser.parse_args()
    if arguments.schema:
        print(schema(), end="")
        return 0
    asyncio.run(run(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main())
