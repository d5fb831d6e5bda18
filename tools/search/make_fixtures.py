#!/usr/bin/env python3
"""Writes Tests/TextSearchTests/Fixtures/search.json: texts of many scripts cut into words, and libraries with questions,
their best documents and scores. Words are cut here by Unicode's names of characters in place of blocks; scores come from
FTS5's bm25() and once more from the formula, and the two must agree.

    tools/search/make_fixtures.py
"""

import json
import math
import pathlib
import random
import sqlite3
import unicodedata

SPACELESS = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA",
             "IDEOGRAPHIC ITERATION MARK", "IDEOGRAPHIC CLOSING MARK", "IDEOGRAPHIC NUMBER ZERO", "THAI", "LAO", "KHMER", "MYANMAR")
TOKENIZER = "unicode61 remove_diacritics 2 categories 'L* M* N* P* S* C*'"
K1, B = 1.2, 0.75


def is_spaceless(character):
    name = unicodedata.name(character, "")
    return name.startswith(SPACELESS) and " DIGIT " not in name or name.startswith("KATAKANA-HIRAGANA PROLONGED")


def words(text):
    """Words of a text, as docs/store-format.md says."""
    text = unicodedata.normalize("NFC", text)
    runs = []  # (is spaceless, [characters with their marks])
    kind = None
    for character in text:
        category = unicodedata.category(character)
        ignorable = 0xFE00 <= ord(character) <= 0xFE0F or ord(character) in (0x034F, 0x115F, 0x1160, 0x3164)
        if category == "Me" or ignorable or category == "Cf" and character != "\u200b":
            continue
        if category in ("Mn", "Mc"):
            if kind is not None:
                runs[-1][1][-1] += character
        elif category[0] in "LN":
            new = is_spaceless(character)
            if new != kind:
                runs.append((new, []))
            kind = new
            runs[-1][1].append(character)
        else:
            kind = None
    found = []
    for spaceless, characters in runs:
        if spaceless and len(characters) > 1:
            found += [a + b for a, b in zip(characters, characters[1:])]
        else:
            found.append("".join(characters))
    return found


def terms(connection, text):
    """Folded words, from FTS5's own list of what it holds."""
    connection.execute(f'CREATE VIRTUAL TABLE one USING fts5(x, tokenize="{TOKENIZER}")')
    connection.execute("CREATE VIRTUAL TABLE inside USING fts5vocab(one, instance)")
    connection.execute("INSERT INTO one VALUES (?)", (" ".join(words(text)),))
    found = [row[0] for row in connection.execute("SELECT term FROM inside ORDER BY offset")]
    connection.execute("DROP TABLE inside")
    connection.execute("DROP TABLE one")
    return found


def by_formula(library, question, connection):
    documents = [terms(connection, text) for text in library]
    average = sum(map(len, documents)) / len(documents)
    scores = [0.0] * len(documents)
    for term in terms(connection, question):
        holding = sum(term in document for document in documents)
        weight = math.log((len(documents) - holding + 0.5) / (holding + 0.5))
        weight = weight if weight > 0 else 1e-6
        for index, document in enumerate(documents):
            count = document.count(term)
            scores[index] += weight * (count * (K1 + 1) / (count + K1 * (1 - B + B * len(document) / average)))
    return scores


def best(library, question):
    """All documents that hold a word, with their scores, the best first."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f'CREATE VIRTUAL TABLE texts USING fts5(words, tokenize="{TOKENIZER}")')
    for index, text in enumerate(library):
        connection.execute("INSERT INTO texts(rowid, words) VALUES (?, ?)", (index + 1, " ".join(words(text))))
    asked = words(question)
    if not asked:
        return []
    query = " OR ".join(f'"{word}"' for word in asked)
    rows = connection.execute("SELECT rowid, bm25(texts) FROM texts WHERE texts MATCH ? ORDER BY 2, 1", (query,)).fetchall()
    scores = by_formula(library, question, connection)
    assert len(rows) == sum(score > 0 for score in scores)
    for row, score in rows:
        assert math.isclose(-score, scores[row - 1], rel_tol=1e-12), (row, score, scores[row - 1])
    return [{"document": row - 1, "score": -score} for row, score in rows]


SPLIT = [
    "", " \n\t", "Hello, World!", "don't stop", "e\u0301lan \u00e9lan ÉLAN", "snake_case-and-kebab.dot", "3.14 is pi²", "C++ > C#",
    "\"quoted\" AND (NEAR OR x*) ^y:z", "a\u0000b", "soft\u00adhyphen zero\u200dwidth\u200cjoin\u200bbreak", "naïve café ÅNGSTRÖM",
    "Straße STRASSE ẞ", "ΣΊΣΥΦΟΣ σίσυφος", "İstanbul ılık", "Привет, МИР! ёлка", "العَرَبِيَّة كتاب", "שָׁלוֹם עולם", "हिन्दी में किताब", "தமிழ் நூல்",
    "한국어 문장입니다", "\u1112\u1161\u11ab\u1100\u1173\u11af", "東京都は日本の首都です。", "猫", "猫。犬", "カタカナとひらがな", "ｶﾀｶﾅ", "データベース", "2020年10月",
    "か\u3099", "時々", "ภาษาไทยเขียนติดกัน", "ພາສາລາວ", "ភាសាខ្មែរ", "မြန်မာဘာသာ", "๑๒๓ บท", "英語English混在", "👍🏽 emoji 👨‍👩‍👧 1️⃣",
    "ⅧⅨ ½ ①", "\u0301lone mark", "x\u20dd circled", "𝒳 𐐀𐐨 𠀀𠀁", "ʼn ǆ Ǆ", "tiếng Việt TIẾNG", "ﬁne", "Ａｂｃ１２",
]


def libraries():
    random.seed(7)
    letters = "abcdefghijkl"
    vocabulary = ["".join(random.choices(letters, k=random.randint(1, 5))) for _ in range(300)]
    weights = [1 / (rank + 1.5) for rank in range(len(vocabulary))]
    for count, longest in ((1, 5), (2, 8), (7, 20), (60, 60), (200, 40)):
        library = []
        for _ in range(count):
            library.append(" ".join(random.choices(vocabulary, weights, k=random.randint(0, longest))))
        # The same text twice: a tie.
        library.append(library[0])
        questions = [" ".join(random.choices(vocabulary, weights, k=size)) for size in (1, 2, 3, 8, 15, 15, 40)]
        yield {"documents": library, "questions": questions + ["", "absent", library[-1], "a a a b"]}
    mixed = [text for text in SPLIT if "\0" not in text]
    yield {"documents": mixed, "questions": mixed}


def main():
    out = pathlib.Path(__file__).parents[2] / "Tests/TextSearchTests/Fixtures/search.json"
    connection = sqlite3.connect(":memory:")
    found = []
    for library in libraries():
        questions = [{"question": question, "best": best(library["documents"], question)} for question in library["questions"]]
        found.append({"documents": library["documents"], "questions": questions})
    content = {
        "words": [{"text": text, "words": words(text), "terms": terms(connection, text)} for text in SPLIT],
        "libraries": found,
    }
    out.write_text(json.dumps(content, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
