"""What opens and closes a role, by the template's name, from the model's folder or from a file."""
import json
import pathlib
from dataclasses import dataclass

_TURN = ("<|im_start|>{}\n", "<|im_end|>\n")
_HEADER = "<|start_header_id|>{}<|end_header_id|>\n\n"


@dataclass(frozen=True)
class ChatTemplate:
    system: tuple = ("", "")
    user: tuple = ("", "")
    assistant: tuple = ("", "")
    header: str = ""
    user_after_system: tuple | None = None

    def parts(self, role, after_system):
        """-> prefix, suffix"""
        if role == "user" and after_system and self.user_after_system:
            return self.user_after_system
        return getattr(self, role)


def _turns(prefix, suffix, header):
    return ChatTemplate(*((prefix.format(r), suffix) for r in ("system", "user", "assistant")), header)


NAMED = {
    "chatml": _turns(*_TURN, _TURN[0].format("assistant")),
    "llama3": _turns(_HEADER, "<|eot_id|>", _HEADER.format("assistant")),
    "llama2": ChatTemplate(("[INST] <<SYS>>\n", "\n<</SYS>>\n\n"), ("[INST] ", " [/INST]"), (" ", " </s>"), "",
                           ("", " [/INST]")),
    "mistral": ChatTemplate(("[INST] ", "\n\n"), ("[INST] ", " [/INST]"), (" ", "</s>"), "", ("", " [/INST]")),
    "vicuna": ChatTemplate(("", " "), ("USER: ", " "), ("ASSISTANT: ", "</s>"), "ASSISTANT:"),
    "falcon": ChatTemplate(("System: ", "\n"), ("User: ", "\n"), ("Assistant: ", "\n"), "Assistant:"),
    "plain": ChatTemplate(),
}


def named(option):
    """-> the template that `--chat-template NAME|FILE` means"""
    if option in NAMED:
        return NAMED[option]
    parts = json.loads(pathlib.Path(option).read_text())
    return ChatTemplate(*(tuple(parts[r]) for r in ("system", "user", "assistant")), parts["header"],
                        tuple(parts["user_after_system"]) if "user_after_system" in parts else None)


def of_model(folder):
    folder = pathlib.Path(folder)
    texts = []
    if (folder / "chat_template.jinja").exists():
        texts.append((folder / "chat_template.jinja").read_text())
    config = folder / "tokenizer_config.json"
    declared = json.loads(config.read_text()).get("chat_template") if config.exists() else None
    if isinstance(declared, str):
        texts.append(declared)
    elif isinstance(declared, list):
        texts += [entry["template"] for entry in declared if entry.get("name") == "default"] or [declared[0]["template"]]
    if not texts:
        return NAMED["plain"]
    text = texts[0]
    marks = [("chatml", "<|im_start|>"), ("llama3", "<|start_header_id|>"), ("llama2", "<<SYS>>"),
             ("mistral", "[INST]"), ("vicuna", "USER:"), ("falcon", "User:")]
    for name, mark in marks:
        if mark in text:
            return NAMED[name]
    return NAMED["plain"]
