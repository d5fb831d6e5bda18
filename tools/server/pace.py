"""Measures what clients of a running server get, alone and beside others.

    pace.py URL [--rounds 5]

The store has the schema that `versus.py --schema` prints, warmed for the model. Prints as JSON: tokens a second of one client and of eight at once; the
median time to the first token of cached prompts, alone and while a prompt of some 4,000 tokens is computed beside them; and the longest time between
two tokens of an answer, alone and beside that prompt. Rounds of each kind take turns.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time

import httpx

import versus

LONG_WORDS = 1700


async def stream(client, fields):
    """Times of an answer's pieces, from the request on."""
    begun, times = time.monotonic(), []
    async with client.stream("POST", "/v1/chat/completions", json={**fields, "temperature": 0, "stream": True}) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("data: ") and line != "data: [DONE]":
                event = json.loads(line[6:])
                if "error" in event:
                    raise RuntimeError(event["error"]["message"])
                if event["choices"] and event["choices"][0]["delta"].get("content"):
                    times.append(time.monotonic() - begun)
    return times


def cached(number, tokens):
    chosen, question = list(versus.questions(number + 1))[number]
    # A question that nobody has asked: only the documents have states.
    return {**versus.ours(chosen, f"{question} My number is {random.randint(0, 99999)}."), "max_tokens": tokens}


def long_prompt():
    # Nothing of it was said before.
    words = " ".join(f"{random.choice(versus.CITIES)} {random.randint(0, 99)}" for _ in range(LONG_WORDS // 2))
    return {"messages": [{"role": "user", "content": words}], "max_tokens": 1}


async def rate(client, clients, tokens):
    begun = time.monotonic()
    answers = await asyncio.gather(*(stream(client, cached(number, tokens)) for number in range(clients)))
    # Of the time in which all of them decode.
    first, last = max(times[0] for times in answers), min(times[-1] for times in answers)
    count = sum(sum(first <= at <= last for at in times) for times in answers)
    return count / (last - first), time.monotonic() - begun


async def beside(client, tokens):
    """First token and longest gap of a cached prompt's answer, begun while a long prompt is computed."""
    other = asyncio.create_task(stream(client, long_prompt()))
    await asyncio.sleep(.15)
    times = await stream(client, cached(0, tokens))
    still = not other.done()
    await other
    return times, still


async def run(arguments):
    results = {name: [] for name in ("one", "eight", "first_alone", "first_beside", "gap_alone", "gap_beside")}
    async with httpx.AsyncClient(base_url=arguments.url, timeout=600, limits=httpx.Limits(max_connections=64)) as client:
        await stream(client, cached(0, 4))
        for _ in range(arguments.rounds):
            results["one"].append((await rate(client, 1, 96))[0])
            results["eight"].append((await rate(client, 8, 96))[0])
            alone = await stream(client, cached(0, 24))
            results["first_alone"].append(alone[0])
            results["gap_alone"].append(max(b - a for a, b in zip(alone, alone[1:])))
            times, still = await beside(client, 24)
            if still:
                results["first_beside"].append(times[0])
                results["gap_beside"].append(max(b - a for a, b in zip(times, times[1:])))
    median = {name: statistics.median(values) for name, values in results.items() if values}
    print(json.dumps({
        "tokens_per_second": {"one": round(median["one"], 1), "eight": round(median["eight"], 1),
                              "ratio": round(median["eight"] / median["one"], 2)},
        "first_token_ms": {name: round(1000 * median[f"first_{name}"], 1) for name in ("alone", "beside") if f"first_{name}" in median},
        "longest_gap_ms": {name: round(1000 * median[f"gap_{name}"], 1) for name in ("alone", "beside") if f"gap_{name}" in median},
    }))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
