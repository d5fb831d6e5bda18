"""Puts a running server under load: many connections, cached prompts mixed with plain chats, for as long as asked.

    load.py URL --pmlc PROGRAM --store FOLDER [--model-path PATH] [--seconds 60] [--connections 64] [--pid PID]

Each answer, greedy, is compared with what `pmlc run` answers to the same prompt, or for a chat with the server's own first answer, given to it
alone; the memory of the process PID is read each second. Prints what was measured as JSON. The exit status is 1 if an answer was another, a request failed,
or memory grew after the first minute (the first tenth of the time, if that is longer).

The store has the schema that `--schema` prints, warmed for the model.
"""

import argparse
import asyncio
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import httpx

TOPICS = ["weather", "music", "bread", "trains", "rivers", "paper", "clocks", "gardens"]
TOKENS = 24


def schema():
    modules = "\n".join(
        f'<module name="{topic}">This document is about {topic}. ' + " ".join(
            f"Fact {number} of {topic}: item {number * 37 % 101} weighs {number * 13 % 29 + 1} grams and costs {number * 7 % 43 + 2} euros."
            for number in range(12)) + "</module>" for topic in TOPICS)
    return f'<schema name="load"><system>Answer from the documents.</system>\n{modules}</schema>\n'


def prompts(count):
    chooser = random.Random(7)
    for number in range(count):
        # Modules stand in the schema's order, whatever the order of references.
        chosen = chooser.sample(TOPICS, chooser.randint(1, 4))
        yield f"<prompt schema='load'>{''.join(f'<{topic}/>' for topic in chosen)}<user>What does item {number} cost?</user></prompt>"


def expected(arguments, pml):
    with tempfile.NamedTemporaryFile("w", suffix=".pml") as file:
        file.write(pml)
        file.flush()
        command = [arguments.pmlc, "run", file.name, "--store", arguments.store, "--json", "--max-tokens", str(TOKENS)]
        if arguments.model_path:
            command += ["--model", arguments.model_path]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["text"]


class Load:
    def __init__(self, arguments, requests):
        self.arguments, self.requests = arguments, requests
        self.failures, self.first, self.memory = [], [], []
        self.answers = self.tokens = 0
        self.start = time.monotonic()

    async def client(self, number, client):
        chooser = random.Random(number)
        while time.monotonic() - self.start < self.arguments.seconds:
            fields, wanted = chooser.choice(self.requests)
            try:
                if chooser.random() < .5:
                    text, used = await self.whole(client, fields)
                else:
                    text, used = await self.events(client, fields)
            except Exception as error:  # noqa: BLE001: all of them are failures
                self.failures.append(f"{type(error).__name__}: {error}")
                continue
            self.answers += 1
            self.tokens += used
            if text != wanted:
                self.failures.append(f"{fields}: {text!r} and not {wanted!r}")

    async def whole(self, client, fields):
        response = await client.post("/v1/chat/completions", json=fields)
        response.raise_for_status()
        answer = response.json()
        return answer["choices"][0]["message"]["content"], answer["usage"]["completion_tokens"]

    async def events(self, client, fields):
        begun, text, used = time.monotonic(), "", 0
        body = {**fields, "stream": True, "stream_options": {"include_usage": True}}
        async with client.stream("POST", "/v1/chat/completions", json=body) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                if not line.startswith("data: ") or line == "data: [DONE]":
                    continue
                event = json.loads(line[6:])
                if "error" in event:
                    raise RuntimeError(event["error"]["message"])
                for choice in event["choices"]:
                    if choice["delta"].get("content"):
                        if not text:
                            self.first.append(time.monotonic() - begun)
                        text += choice["delta"]["content"]
                if event.get("usage"):
                    used = event["usage"]["completion_tokens"]
        return text, used

    async def watch(self):
        while time.monotonic() - self.start < self.arguments.seconds:
            if self.arguments.pid:
                status = pathlib.Path(f"/proc/{self.arguments.pid}/status").read_text()
                # What is its own: the store's map is the page cache's.
                anonymous = next(line for line in status.splitlines() if line.startswith("RssAnon"))
                self.memory.append((time.monotonic() - self.start, int(anonymous.split()[1]) * 1024))
            await asyncio.sleep(1)

    async def run(self):
        limits = httpx.Limits(max_connections=self.arguments.connections, max_keepalive_connections=self.arguments.connections)
        async with httpx.AsyncClient(base_url=self.arguments.url, limits=limits, timeout=120) as client:
            await asyncio.gather(self.watch(), *(self.client(number, client) for number in range(self.arguments.connections)))

    def report(self):
        took = time.monotonic() - self.start
        settled = [size for at, size in self.memory if at >= max(self.arguments.seconds / 10, min(60, self.arguments.seconds / 2))]
        grown = bool(settled) and max(settled[len(settled) // 2:]) > 1.1 * max(settled[:len(settled) // 2 or 1]) + (8 << 20)
        report = {
            "seconds": round(took, 1), "connections": self.arguments.connections, "answers": self.answers,
            "tokens_per_second": round(self.tokens / took, 1), "failures": len(self.failures), "memory_grew": grown,
            "memory_bytes": {"settled": settled[0], "last": settled[-1], "most": max(settled)} if settled else None,
            "first_token_seconds": {"median": round(statistics.median(self.first), 3), "most": round(max(self.first), 3)} if self.first else None,
        }
        print(json.dumps(report))
        for failure in self.failures[:5]:
            print(failure[:600], file=sys.stderr)
        return 1 if self.failures or grown else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url", nargs="?")
    parser.add_argument("--pmlc")
    parser.add_argument("--store")
    parser.add_argument("--model-path")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--pid", type=int)
    parser.add_argument("--schema", action="store_true", help="prints the schema")
    arguments = parser.parse_args()
    if arguments.schema:
        print(schema(), end="")
        return 0
    usual = {"temperature": 0, "max_tokens": TOKENS}
    requests = [({**usual, "pml": pml}, expected(arguments, pml)) for pml in prompts(24)]
    with httpx.Client(base_url=arguments.url, timeout=120) as client:
        for topic in TOPICS:
            fields = {**usual, "messages": [{"role": "user", "content": f"Tell me about {topic}."}]}
            answer = client.post("/v1/chat/completions", json=fields).raise_for_status().json()
            requests.append((fields, answer["choices"][0]["message"]["content"]))
    load = Load(arguments, requests)
    asyncio.run(load.run())
    return load.report()


if __name__ == "__main__":
    sys.exit(main())
