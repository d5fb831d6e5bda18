"""Text to token IDs, with the Hugging Face library, run by run."""
import json
import pathlib

from tokenizers import Tokenizer


class Tokens:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        path = str(folder / "tokenizer.json")
        self.of_text = Tokenizer.from_file(path)
        self.of_text.encode_special_tokens = True
        self.of_template = Tokenizer.from_file(path)
        self.of_template.encode_special_tokens = False
        self.file = json.loads((folder / "tokenizer.json").read_text())
        config = folder / "tokenizer_config.json"
        self.config = json.loads(config.read_text()) if config.exists() else {}
        self.bos = self._bos()
        self.rest = self._rest()
        self.filler = self._filler()

    def text(self, text):
        return self.of_text.encode(text, add_special_tokens=False).ids

    def template(self, text):
        """Text of a chat template, the only one that may hold special tokens."""
        return self.of_template.encode(text, add_special_tokens=False).ids

    def decode(self, ids):
        return self.of_text.decode(ids, skip_special_tokens=True)

    def _bos(self):
        """-> the BOS token that begins a sequence, or None"""
        declared = self.config.get("add_bos_token")
        if declared is False:
            return None
        first = self.of_text.encode("x", add_special_tokens=True).ids
        plain = self.of_text.encode("x", add_special_tokens=False).ids
        if first != plain and first[-len(plain):] == plain:
            return first[0]
        return self._named("bos_token") if declared else None

    def _named(self, field):
        """-> the token that a field of tokenizer_config.json names, or None"""
        token = self.config.get(field)
        if isinstance(token, dict):
            token = token["content"]
        return None if token is None else self.of_text.token_to_id(token)

    def _rest(self):
        """-> the token in front of an isolated module that its attention rests on, or None"""
        for token in (self.bos, self._named("bos_token"), self._named("eos_token")):
            if token is not None:
                return token
        return None

    def _filler(self):
        """-> what fills a parameter while its surroundings are encoded"""
        unknown = self.file["model"].get("unk_token")
        if unknown is not None:
            return self.of_text.token_to_id(unknown)
        return self.text(" ")[0]
