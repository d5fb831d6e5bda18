"""What the clients of OpenAI's API get from a running server: openai-python, langchain-openai, and llama.cpp's calls.

    clients.py URL [--pmlc PROGRAM --store FOLDER] [--model ID] [--key KEY]

The store has the schema `city` of Examples, warmed for the model. Each check says what it found; the exit status is 1 if one failed.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import openai
from langchain_openai import ChatOpenAI, OpenAI as CompletionModel

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Server:
    def __init__(self, arguments):
        self.url = arguments.url.rstrip("/")
        self.key = arguments.key or "none"
        self.model = arguments.model
        self.arguments = arguments
        self.client = openai.OpenAI(base_url=self.url + "/v1", api_key=self.key, max_retries=0, timeout=60)

    def chat(self, **fields):
        fields.setdefault("model", self.model)
        fields.setdefault("messages", [{"role": "user", "content": "Name a colour."}])
        fields.setdefault("temperature", 0)
        fields.setdefault("max_tokens", 12)
        return self.client.chat.completions.create(**fields)

    def complete(self, **fields):
        fields.setdefault("model", self.model)
        fields.setdefault("prompt", "Once upon a time")
        fields.setdefault("temperature", 0)
        fields.setdefault("max_tokens", 12)
        return self.client.completions.create(**fields)

    def post(self, path, body, expect=200):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                status, text = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        assert status == expect, f"{path}: {status} and not {expect}: {text[:300]!r}"
        return json.loads(text)

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.read().decode()


def refused(parameter, action):
    """Whether an action is a bad request that names this field."""
    try:
        action()
    except openai.BadRequestError as error:
        assert error.body["type"] == "invalid_request_error", error.body
        assert error.body["param"] == parameter, f"{error.body['param']!r} and not {parameter!r}"
        return
    raise AssertionError(f"{parameter} was taken")


@check
def models(server):
    listed = [model.id for model in server.client.models.list()]
    assert server.model in listed, listed
    assert server.client.models.retrieve(server.model).object == "model"
    try:
        server.client.models.retrieve("nothing")
        raise AssertionError("a model that is not there was found")
    except openai.NotFoundError as error:
        assert error.body["code"] == "model_not_found", error.body


@check
def chat_as_a_whole(server):
    answer = server.chat()
    choice = answer.choices[0]
    assert answer.object == "chat.completion" and answer.id.startswith("chatcmpl-")
    assert choice.message.role == "assistant" and choice.message.content and choice.finish_reason in ("stop", "length")
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens and usage.completion_tokens <= 12
    assert usage.prompt_tokens_details.cached_tokens >= 0


@check
def chat_in_events(server):
    whole = server.chat()
    chunks = list(server.chat(stream=True, stream_options={"include_usage": True}))
    first, last = chunks[0], chunks[-1]
    assert first.choices[0].delta.role == "assistant" and first.choices[0].delta.content == ""
    assert last.choices == [] and last.usage.completion_tokens == whole.usage.completion_tokens
    assert all(chunk.usage is None for chunk in chunks[:-1])
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1])
    assert text == whole.choices[0].message.content, (text, whole.choices[0].message.content)
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason
    assert len({chunk.id for chunk in chunks}) == 1
    without = list(server.chat(stream=True))
    assert without[-1].choices and without[-1].usage is None


@check
def equal_seeds_equal_answers(server):
    def text(seed):
        return server.chat(temperature=1.5, seed=seed, max_tokens=24).choices[0].message.content
    assert text(7) == text(7)
    assert len({text(seed) for seed in range(4)}) > 1


@check
def several_choices(server):
    answer = server.chat(n=3, temperature=1.2, seed=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert answer.usage.completion_tokens > 12 or len({c.message.content for c in answer.choices}) >= 1
    texts = {0: "", 1: "", 2: ""}
    for chunk in server.chat(n=3, temperature=1.2, seed=3, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert [texts[index] for index in range(3)] == [choice.message.content for choice in answer.choices]
    refused("n", lambda: server.chat(n=9))


@check
def log_probabilities(server):
    answer = server.chat(logprobs=True, top_logprobs=3, max_tokens=6)
    content = answer.choices[0].logprobs.content
    assert len(content) == answer.usage.completion_tokens
    for entry in content:
        assert len(entry.top_logprobs) == 3 and entry.logprob <= 0
        assert entry.top_logprobs[0].logprob == entry.logprob, "greedy takes the likeliest"
        assert bytes(entry.bytes).decode("utf-8", "replace") == entry.token
    text = b"".join(bytes(entry.bytes) for entry in content).decode("utf-8", "replace")
    # What ends a text may be half a character, which the answer leaves out.
    assert text.strip().startswith(answer.choices[0].message.content.strip()[:8])
    streamed = []
    for chunk in server.chat(logprobs=True, top_logprobs=3, max_tokens=6, stream=True):
        if chunk.choices and chunk.choices[0].logprobs:
            streamed += chunk.choices[0].logprobs.content
    assert [entry.logprob for entry in streamed] == [entry.logprob for entry in content]
    refused("top_logprobs", lambda: server.chat(top_logprobs=2))
    refused("top_logprobs", lambda: server.chat(logprobs=True, top_logprobs=21))


@check
def stops(server):
    whole = server.chat(max_tokens=16).choices[0].message.content
    word = whole.split()[1] if len(whole.split()) > 1 else whole[1:3]
    answer = server.chat(max_tokens=16, stop=[word])
    assert answer.choices[0].message.content == whole[:whole.index(word)] and answer.choices[0].finish_reason == "stop"
    assert server.chat(max_tokens=16, stop=word).choices[0].message.content == whole[:whole.index(word)]
    refused("stop", lambda: server.chat(stop=[str(number) for number in range(17)]))


@check
def limits(server):
    assert server.chat(max_completion_tokens=3, max_tokens=10).usage.completion_tokens <= 3
    huge = server.chat(max_tokens=10_000_000, stop=[" "])
    assert huge.choices[0].finish_reason in ("stop", "length")
    refused("max_tokens", lambda: server.chat(max_tokens=0))
    refused("temperature", lambda: server.chat(temperature=-1))


@check
def contents(server):
    text = server.chat(messages=[{"role": "user", "content": "Name a colour."}])
    parts = server.chat(messages=[{"role": "user", "content": [
        {"type": "text", "text": "Name a "}, {"type": "text", "text": "colour."}]}])
    assert text.choices[0].message.content == parts.choices[0].message.content
    assert text.usage.prompt_tokens == parts.usage.prompt_tokens
    developer = server.chat(messages=[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    system = server.chat(messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    assert developer.choices[0].message.content == system.choices[0].message.content


@check
def what_has_no_effect(server):
    plain = server.chat().choices[0].message.content
    with_all = server.chat(
        user="someone", store=False, metadata={"a": "b"}, service_tier="auto", parallel_tool_calls=True,
        safety_identifier="x", prompt_cache_key="y", tools=[], tool_choice="none", response_format={"type": "text"},
        extra_body={"prompt_cache_retention": "24h", "nobody_knows_this": {"a": [1]}})
    assert with_all.choices[0].message.content == plain


@check
def what_is_not_there(server):
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    refused("tools", lambda: server.chat(tools=[tool]))
    refused("response_format", lambda: server.chat(response_format={"type": "json_object"}))
    refused("messages[0].content[0]", lambda: server.chat(messages=[
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]))
    refused("modalities", lambda: server.chat(modalities=["text", "audio"]))
    refused("suffix", lambda: server.complete(suffix="x"))
    refused("echo", lambda: server.complete(echo=True))
    refused("best_of", lambda: server.complete(best_of=2))


@check
def completions(server):
    answer = server.complete(logprobs=2)
    choice = answer.choices[0]
    assert answer.object == "text_completion" and choice.text and choice.finish_reason in ("stop", "length")
    logprobs = choice.logprobs
    assert len(logprobs.tokens) == len(logprobs.token_logprobs) == len(logprobs.text_offset) == answer.usage.completion_tokens
    assert all(len(top) <= 2 for top in logprobs.top_logprobs) and logprobs.text_offset[0] == 0
    text = "".join(chunk.choices[0].text for chunk in server.complete(stream=True))
    assert text == choice.text
    tokens = server.post("/tokenize", {"content": "Once upon a time", "add_special": True})["tokens"]
    assert server.complete(prompt=tokens).choices[0].text == choice.text
    several = server.complete(prompt=["Once upon a time", "A dog"])
    assert [choice.index for choice in several.choices] == [0, 1] and several.choices[0].text == choice.text
    assert server.complete(max_tokens=openai.NOT_GIVEN).usage.completion_tokens <= 16


@check
def biases_and_penalties(server):
    plain = server.chat(max_tokens=1, logprobs=True, top_logprobs=2)
    first = plain.choices[0].logprobs.content[0]
    token = server.post("/tokenize", {"content": bytes(first.bytes).decode("utf-8", "replace")})["tokens"]
    if len(token) == 1:
        banned = server.chat(max_tokens=1, logprobs=True, logit_bias={str(token[0]): -100})
        assert banned.choices[0].logprobs.content[0].token != first.token
    text = server.chat(max_tokens=24, frequency_penalty=2, presence_penalty=2).choices[0].message.content
    assert text != server.chat(max_tokens=24).choices[0].message.content or len(text) < 60
    refused("logit_bias", lambda: server.chat(logit_bias={"x": 1}))
    refused("presence_penalty", lambda: server.chat(presence_penalty=3))


@check
def wrong_requests(server):
    def code(path, body, status):
        return server.post(path, body, status)["error"]
    assert code("/v1/chat/completions", b"{", 400)["code"] == "invalid_json"
    assert code("/v1/chat/completions", b"[]", 400)["type"] == "invalid_request_error"
    assert code("/v1/chat/completions", {"model": server.model}, 400)["param"] == "messages"
    assert code("/v1/chat/completions", {"model": "nothing", "messages": [{"role": "user", "content": "x"}]}, 404)[
        "code"] == "model_not_found"
    assert code("/v1/nothing", {}, 404)["type"] == "invalid_request_error"
    assert code("/v1/models", {}, 405)["code"] == "method_not_allowed"
    deep = b'{"model":' + b"[" * 100_000
    assert code("/v1/chat/completions", deep, 400)["code"] == "invalid_json"


@check
def prompts_in_pml(server):
    pml = "<prompt schema='city'><lisbon/><user>Where is it?</user></prompt>"
    answer = server.chat(messages=[], extra_body={"pml": pml})
    details = answer.usage.prompt_tokens_details
    assert details.cached_tokens > 0, details
    assert "exact_tokens" in details.model_extra, details
    plain = server.chat(messages=[], extra_body={"pml": pml, "no_cache": True})
    assert plain.usage.prompt_tokens_details.cached_tokens == 0
    assert plain.usage.prompt_tokens == answer.usage.prompt_tokens
    turns = server.chat(
        messages=[{"role": "user", "content": "Where is it?"}], extra_body={"pml": "<prompt schema='city'><lisbon/></prompt>"})
    assert turns.choices[0].message.content == answer.choices[0].message.content
    assert turns.usage.prompt_tokens == answer.usage.prompt_tokens
    completion = server.complete(prompt=pml)
    assert completion.usage.prompt_tokens_details.cached_tokens == details.cached_tokens
    assert completion.choices[0].text == answer.choices[0].message.content
    joint = server.chat(messages=[], extra_body={"pml": pml, "joint": "make"})
    assert joint.usage.prompt_tokens_details.model_extra["exact_tokens"] == joint.usage.prompt_tokens_details.cached_tokens
    repaired = server.chat(messages=[], extra_body={"pml": pml, "repair": 1, "joint": "off"})
    assert repaired.usage.prompt_tokens == answer.usage.prompt_tokens
    try:
        server.chat(messages=[], extra_body={"pml": "<prompt schema='city'><nowhere/></prompt>"})
        raise AssertionError("an unknown module was taken")
    except openai.BadRequestError as error:
        assert error.body["code"] == "pml_error" and error.body["diagnostics"][0]["code"].startswith("PML"), error.body
    try:
        server.chat(messages=[], extra_body={"pml": "<prompt schema='nothing'>x</prompt>"})
        raise AssertionError("an unknown schema was taken")
    except openai.NotFoundError as error:
        assert error.body["code"] == "schema_not_found", error.body
    refused("joint", lambda: server.chat(messages=[], extra_body={"pml": pml, "joint": "use", "no_cache": True}))
    refused("repair", lambda: server.chat(messages=[], extra_body={"pml": pml, "repair": 2}))


@check
def the_same_as_run(server):
    if not server.arguments.pmlc:
        return
    pml = "<prompt schema='city'><lisbon/><user>Where is it?</user></prompt>"
    with tempfile.NamedTemporaryFile("w", suffix=".pml") as file:
        file.write(pml)
        file.flush()
        command = [server.arguments.pmlc, "run", file.name, "--store", server.arguments.store, "--json", "--logprobs", "0",
                   "--max-tokens", "12"]
        if server.arguments.model_path:
            command += ["--model", server.arguments.model_path]
        run = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    answer = server.chat(messages=[], extra_body={"pml": pml}, logprobs=True)
    assert answer.choices[0].message.content == run["text"], (answer.choices[0].message.content, run["text"])
    found = [entry.logprob for entry in answer.choices[0].logprobs.content]
    assert found == [entry["logprob"] for entry in run["logprobs"]], "the same bits"


@check
def schemas(server):
    listed = json.loads(server.get("/v1/schemas"))["data"]
    city = next(entry for entry in listed if entry["id"] == "city")
    assert city["tokens"] > 0 and city["bytes"] > 0 and city["versions"][-1]["version"] >= 1
    described = json.loads(server.get("/v1/schemas/city"))
    assert described["layout"]["schema"] == "city" and described["source"]["content"]
    sent = server.post("/v1/schemas", b"<schema name='sent'>Hello <module name='m'>there</module></schema>", 202)
    assert sent["status"] == "warming"
    for _ in range(100):
        state = json.loads(server.get(sent["progress"]))
        if state["status"] != "warming":
            break
    assert state["status"] == "done" and state["tokens_done"] == state["tokens_total"], state
    again = server.post("/v1/schemas", b"<schema name='sent'>Hello <module name='m'>there</module></schema>", 200)
    assert again["status"] == "done"
    wrong = server.post("/v1/schemas", b"<schema name='bad'><nothing/></schema>", 400)
    assert wrong["error"]["code"] == "pml_error" and wrong["error"]["diagnostics"]
    outside = server.post("/v1/schemas", b"<schema name='bad'><module name='m' src='/etc/hostname'/></schema>", 400)
    assert outside["error"]["diagnostics"][0]["code"].startswith("PML")
    answer = server.chat(messages=[], extra_body={"pml": "<prompt schema='sent'><m/> you</prompt>"})
    assert answer.usage.prompt_tokens_details.cached_tokens > 0


@check
def llama_cpp_calls(server):
    tokens = server.post("/tokenize", {"content": "Hello there", "with_pieces": True})["tokens"]
    assert "".join(token["piece"] for token in tokens) == "Hello there", tokens
    ids = server.post("/tokenize", {"content": "Hello there"})["tokens"]
    assert ids == [token["id"] for token in tokens]
    assert server.post("/detokenize", {"tokens": ids})["content"].strip() == "Hello there"
    prompt = server.post("/apply-template", {"messages": [{"role": "user", "content": "Hi"}]})["prompt"]
    assert "Hi" in prompt
    assert json.loads(server.get("/health"))["status"] == "ok"


@check
def langchain_calls(server):
    chat = ChatOpenAI(model=server.model, base_url=server.url + "/v1", api_key=server.key, temperature=0, max_tokens=12)
    answer = chat.invoke([("system", "Be brief."), ("user", "Name a colour.")])
    direct = server.chat(messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Name a colour."}])
    assert answer.content == direct.choices[0].message.content
    assert answer.usage_metadata["output_tokens"] == direct.usage.completion_tokens
    pieces = list(chat.stream([("system", "Be brief."), ("user", "Name a colour.")]))
    assert "".join(piece.content for piece in pieces) == answer.content
    assert len(chat.batch([[("user", "Hi")], [("user", "Ho")]])) == 2
    cached = chat.invoke([("user", "Where is it?")], extra_body={"pml": "<prompt schema='city'><lisbon/></prompt>"})
    assert cached.usage_metadata["input_token_details"]["cache_read"] > 0, cached.usage_metadata
    completion = CompletionModel(
        model=server.model, base_url=server.url + "/v1", api_key=server.key, temperature=0, max_tokens=12)
    assert completion.invoke("Once upon a time") == server.complete().choices[0].text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--pmlc")
    parser.add_argument("--store")
    parser.add_argument("--model", default="demo")
    parser.add_argument("--model-path")
    parser.add_argument("--key")
    parser.add_argument("--only")
    server = Server(parser.parse_args())
    failed = 0
    for function in CHECKS:
        name = function.__name__.replace("_", " ")
        if server.arguments.only and server.arguments.only != function.__name__:
            continue
        try:
            function(server)
            print(f"passed: {name}")
        except Exception as error:  # noqa: BLE001: each check is told of
            failed += 1
            print(f"FAILED: {name}: {type(error).__name__}: {error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
