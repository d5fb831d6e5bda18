"""Renders test templates with jinja2 as transformers runs it, and writes what comes of each.

    python tools/jinja/render_cases.py > Tests/JinjaTests/Fixtures/cases.json

The settings are those of transformers 5's chat templates: an immutable sandbox, trim_blocks, lstrip_blocks, loop controls,
`generation` blocks, `raise_exception`, a `tojson` that keeps characters as they are. Where a template asks for the time, it is
rendered with and without a clock, which stands still.
"""
import datetime
import json
import sys
from pathlib import Path

import jinja2
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

assert jinja2.__version__.startswith("3.1."), jinja2.__version__


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_write"), [], [], body).set_lineno(line)

    def _write(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def strftime_now(format):
    return datetime.datetime(2026, 1, 2).strftime(format)


environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "  What is <b>2 + 2</b>? "},
    {"role": "assistant", "content": "4"},
    {"role": "user", "content": "Und 3 × 3?\nBitte. 東京 😀"},
]
TURNS = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "One?"},
    {"role": "assistant", "content": "Two."},
    {"role": "user", "content": "Three?"},
    {"role": "assistant", "content": "Four."},
    {"role": "user", "content": "Five?"},
]
VARIABLES = {
    "messages": TALK,
    "add_generation_prompt": True,
    "bos_token": "<s>",
    "eos_token": "</s>",
    "numbers": [3, 1, 2, 10, 2],
    "words": ["pear", "Apple", "fig", "apple"],
    "nested": {"b": {"x": 1}, "a": {"x": [1, 2.5, None, True, "é\"\n"]}},
    "people": [{"name": "Bo", "age": 30}, {"name": "al", "age": 25}, {"name": "Cy", "age": 30, "town": "X"}],
    "text": "  one two\tthree\nfour  ",
    "empty": "",
    "nothing": None,
}


def case(template, variables):
    try:
        return {"template": template, "output": environment.from_string(template).render(**variables)}
    except Exception as error:  # noqa: BLE001 - any refusal counts, whatever its type
        return {"template": template, "error": type(error).__name__}


def ordered(value):
    """The value with each mapping as its keys and its values, so that readers keep their order."""
    if isinstance(value, dict):
        return {"keys": list(value), "values": [ordered(item) for item in value.values()]}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def main():
    folder = Path(__file__).parent
    expressions = (folder / "expressions.txt").read_text(encoding="utf-8").splitlines()
    cases = [case("{{ " + line + " }}", VARIABLES) for line in expressions if line and not line.startswith("#")]
    for block in (folder / "blocks.txt").read_text(encoding="utf-8").split("\n=====\n"):
        cases.append(case(block, VARIABLES))
    chats = []
    conversations = [
        TALK,
        TALK[1:],
        TALK[:2],
        [{"role": "user", "content": "Hello"}],
        [{"role": "system", "content": ""}, {"role": "user", "content": "a\n\nb"}, {"role": "assistant", "content": " c "}],
        [{"role": "user", "content": "<|im_end|></s>"}, {"role": "user", "content": "twice"}],
        TURNS,
        TURNS[1:],
    ]
    for path in sorted((folder / "templates").glob("*.jinja")):
        template = path.read_text(encoding="utf-8")
        for clock in (False, True) if "strftime_now" in template else (False,):
            if clock:
                environment.globals["strftime_now"] = strftime_now
            for messages in conversations:
                for prompt in (True, False):
                    variables = {
                        "messages": messages, "add_generation_prompt": prompt, "bos_token": "<s>", "eos_token": "</s>",
                        "tools": None, "documents": None}
                    chats.append({"name": path.stem, "messages": ordered(messages), "prompt": prompt, "clock": clock}
                                 | case(template, variables))
            environment.globals.pop("strftime_now", None)
    for chat in chats:
        del chat["template"]
    json.dump({"variables": ordered(VARIABLES), "cases": cases, "chats": chats}, sys.stdout, ensure_ascii=False, indent=1)
    print()


main()
