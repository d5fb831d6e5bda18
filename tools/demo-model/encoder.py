"""Text -> tokens with their places in the text."""
from tokenizers import Tokenizer


class Encoder:
    def __init__(self, path):
        self.tokenizer = Tokenizer.from_file(path)
        self.vocabulary = self.tokenizer.get_vocab_size()

    def ids(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def spans(self, text, spans):
        """-> (ids, {key: indices of the tokens that the characters of its span are in})"""
        e = self.tokenizer.encode(text, add_special_tokens=False)
        where = {k: [i for i, (x, y) in enumerate(e.offsets) if y > a and x < b] for k, (a, b) in spans.items()}
        return e.ids, where
