#!/usr/bin/env python3
"""Writes Sources/Tokenizers/Unicode/UnicodeTables.swift.

Every property is asked of the `tokenizers` library itself, code point by code point, since its regular expression
engine, Rust's standard library and its normalization crate each follow a Unicode version of their own.

    PATH=$(dirname "$(scripts/python tools)"):$PATH
    python3 tools/tokenizers/make_unicode_tables.py
"""

import pathlib
import unicodedata

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

OUTPUT = pathlib.Path(__file__).parents[2] / "Sources/Tokenizers/Unicode/UnicodeTables.swift"

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
TEXT = "".join(map(chr, CODE_POINTS))


def removed_by(pre_tokenizer):
    """The code points that a pre-tokenizer with the behaviour "removed" takes out."""
    found = set(CODE_POINTS)
    for _, (start, end) in pre_tokenizer.pre_tokenize_str(TEXT):
        found.difference_update(CODE_POINTS[start:end])
    return found


def matching(pattern):
    return removed_by(pre_tokenizers.Split(Regex(pattern), "removed"))


def isolated_by_digits():
    """`char::is_numeric`: what `Digits` parts from the `a` before it."""
    text = "".join("a" + chr(c) for c in CODE_POINTS if c != ord("a"))
    pieces = [piece for piece, _ in pre_tokenizers.Digits(individual_digits=True).pre_tokenize_str(text)]
    return {ord(piece) for piece in pieces if len(piece) == 1 and piece != "a"}


def word_characters(space):
    """`\\w` of the `regex` crate: what `Whitespace` does not part from the `a` before it."""
    text = " ".join("a" + chr(c) for c in CODE_POINTS if c not in space)
    pieces = [piece for piece, _ in pre_tokenizers.Whitespace().pre_tokenize_str(text)]
    return {ord(piece[1]) for piece in pieces if len(piece) == 2 and piece[0] == "a"}


class Normalization:
    """Canonical decomposition and composition, as the library has them."""

    def __init__(self):
        nfc, nfd = normalizers.NFC().normalize_str, normalizers.NFD().normalize_str
        self.combining_class = {}
        for c in CODE_POINTS:
            # U+0345 is the only character of class 240, the highest: what goes before it is no starter.
            if c == 0x0345 or nfd("\u0345" + chr(c)) == chr(c) + "\u0345":
                self.combining_class[c] = unicodedata.combining(chr(c))
                assert self.combining_class[c] != 0, hex(c)

        self.decomposition = {}
        for c in CODE_POINTS:
            if 0xAC00 <= c < 0xAC00 + 11172:
                assert nfd(chr(c)) == unicodedata.normalize("NFD", chr(c)), hex(c)
                continue
            if nfd(chr(c)) != chr(c):
                assert nfd(chr(c)) == unicodedata.normalize("NFD", chr(c)), hex(c)
                self.decomposition[c] = [int(part, 16) for part in unicodedata.decomposition(chr(c)).split()]

        self.composition = {}
        for c, parts in self.decomposition.items():
            if len(parts) == 2 and nfc("".join(map(chr, parts))) == chr(c):
                self.composition[tuple(parts)] = c

        seconds = {second for _, second in self.composition} | set(range(0x1161, 0x1176)) | set(range(0x11A8, 0x11C3))
        self.changed_by_nfc = {c for c in CODE_POINTS if nfc(chr(c)) != chr(c)} | set(self.combining_class) | seconds
        self.changed_by_nfd = {c for c in CODE_POINTS if nfd(chr(c)) != chr(c)} | set(self.combining_class)


def rows(numbers, per_row=10):
    for start in range(0, len(numbers), per_row):
        yield "    " + " ".join(f"0x{n:X}," for n in numbers[start : start + per_row])


def main():
    space = matching(r"\s")
    assert space == removed_by(pre_tokenizers.WhitespaceSplit())
    normalization = Normalization()

    # In the order of the bits of `CharacterClass`.
    classes = [
        matching(r"\p{L}"),
        matching(r"\p{N}"),
        space,
        isolated_by_digits(),
        removed_by(pre_tokenizers.Punctuation("removed")),
        word_characters(space),
        matching(r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"),
        matching(r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"),
        normalization.changed_by_nfc,
        normalization.changed_by_nfd,
        matching(r"\p{P}"),
    ]
    flags = [0] * 0x110000
    for bit, members in enumerate(classes):
        for c in members:
            flags[c] |= 1 << bit
    for c in range(0xD800, 0xE000):
        flags[c] = flags[0xD7FF]
    runs = [c | flags[c] << 21 for c in range(0x110000) if c == 0 or flags[c] != flags[c - 1]]

    combining = [c | k << 21 for c, k in sorted(normalization.combining_class.items())]
    decompositions = []
    for c, parts in sorted(normalization.decomposition.items()):
        composes = normalization.composition.get(tuple(parts)) == c
        decompositions += [c | composes << 21, parts[0], parts[1] if len(parts) == 2 else 0]

    OUTPUT.write_text(
        "\n".join(
            [
                "// swift-format-ignore-file",
                f"// Written by tools/tokenizers/make_unicode_tables.py from tokenizers {tokenizers.__version__}. Do not edit.",
                "",
                "/// What the Hugging Face `tokenizers` library knows of each code point.",
                "enum UnicodeTables {",
                "  /// Runs of code points of one class, by their first one: bits 0 to 20 hold it, bits 21 up the class's bits.",
                "  static let classes: [UInt32] = [",
                *rows(runs),
                "  ]",
                "",
                "  /// Canonical combining classes other than 0: bits 0 to 20 hold the code point, bits 21 up the class.",
                "  static let combiningClasses: [UInt32] = [",
                *rows(combining),
                "  ]",
                "",
                "  /// Canonical decompositions other than Hangul's, three numbers each: the code point (with bit 21 set where",
                "  /// the two parts compose to it again), the first part, the second part or 0.",
                "  static let decompositions: [UInt32] = [",
                *rows(decompositions, 9),
                "  ]",
                "}",
                "",
            ]
        )
    )
    print(f"{len(runs)} runs, {len(combining)} combining classes, {len(decompositions) // 3} decompositions")


if __name__ == "__main__":
    main()
