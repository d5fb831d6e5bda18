"""Texts that tell tokenizers apart: chosen ones, and random ones."""

import random

CHOSEN = [
    "",
    " ",
    "a",
    "Hello, world!",
    "The harbours open at six, don't they? We've seen it; I'LL WAIT, it's she'd they're you'ſ THEY'RE 'Tis 'bout",
    "It isn't 'quoted' ''twice'' or 'S, 'd, 'll and 'LL, 'VE' 've",
    "  two spaces,   three,    four\tand a tab\t\tand two ",
    "trailing spaces   ",
    "   leading spaces",
    "line\nline\r\nline\r\rline\n\n\nline  \n  line\n",
    "\n",
    "\r\n\r\n",
    " \n \n ",
    "\t\n\u000b\u000c\r x",
    "    def f(x, y=None):\n        return x if y is None else [y for _ in range(10)]\n\n\n    # done\n",
    'for (int i = 0; i < n; ++i) { a[i] += 0x1F; s = "\\n\\t\\u00e9"; } // ok\n\t\tbreak;\n',
    "a = b\n\n\n\n\nc=d;;;;e==f!=g<=h->i::j...k//l/*m*/",
    "1 12 123 1234 12345 123456 1234567 1,234,567.89 3.14159 0xDEADBEEF 1e-9 12:30 2024-03-12 v3.11.7 a1b2c3 100%",
    "Ⅷ ½ ¾ ² ³ ¹ ① ⑳ 一二三 ٠١٢٣ ०१२ ๑๒ 𝟘𝟙𝟚 x² H₂O 10⁻³",
    "https://example.org/a/b?c=1&d=%20#e user.name+tag@mail.example.com C:\\Users\\x /usr/bin/env",
    "snake_case camelCase PascalCase SCREAMING_CASE kebab-case XMLHttpRequest iPhone eBay McDonald's",
    "Größere Straßen, ÜBUNG, Łódź, żółw, český kůň, ÆØÅ, œuvre, ﬁne ﬀ ﬃ, İstanbul, ıI, Ǆ ǅ ǆ, ß ẞ",
    "L’été « déjà-vu » ; où ? ¿Dónde? ¡Aquí! não há ninguém … — – ‘x’ “y” „z“",
    "Порт открывается в шесть. Щука, ёж, Ѐ Ѝ, въезд. Ђорђе, Њ, їжак",
    "Το λιμάνι ανοίγει στις έξι: Ά ά ώ ΐ ς Σ ἀρχὴ ἦν ὁ λόγος ᾧ ᾳ",
    "הנמל נפתח בשש. שָׁלוֹם עֲלֵיכֶם לִּ וֹ",
    "يفتح الميناء في السادسة، كَتَبَ مُحَمَّدٌ لا إله ﷲ ﻻ",
    "बंदरगाह छह बजे खुलता है। क्षेत्र ज़रा क़लम ॐ",
    "ท่าเรือเปิดตอนหกโมง น้ำ กำ ก็ แก่",
    "港口六点开门，第一批船在太阳升起之前离开。面包多少钱？「引用」《书》、龥龦ࠀ",
    "港は六時に開き、パンはいくらですか。ｶﾀｶﾅ ガ ガ ヾ 々 〆",
    "항구는 여섯 시에 열린다 각 각 각 힣 ᄀ ᅡ",
    "Cảng mở cửa lúc sáu giờ, thuyền đầu tiên, ệ ệ ệ ệ",
    "é é è̀ a\u0301\u0323 a\u0323\u0301 a\u0308\u0301\u0328 ñ Å Å Å \u0344 \u0958 \u2126 \u1e9b\u0323 q\u0307\u0323 d\u0323\u0307",
    "\u0301leading mark, \u0301\u0323\u0308, 각\u0301, \u0315\u0300\u05ae\u0345x",
    "\u0b47\u0b3e \u0dd9\u0dcf \u1133f \U00011347\U0001133e \U000110a5\U000110ba 豈 更 \u2adc \ufb1d",
    "😀 🎉🎉 👍🏽 👨‍👩‍👧 🇩🇪🇫🇷 ❤️ ☺︎ 🏳️‍🌈 1️⃣ #️⃣ 🧑‍💻🧑🏿‍🚀",
    "nbsp\u00a0here\u00a0\u00a0twice \u3000ideographic\u3000\u3000 nel\u0085x\u0085 zwsp\u200bx\u200b thin\u2009x nnbsp\u202fx",
    "\u1680ogham\u2000a\u2001b\u2028line\u2029par\u205fm\u180emvs\ufeffbom",
    "\x00nul\x00 \x01\x02\x1b[0m \x7f\x80\x9f control",
    "<s> </s> <unk> <pad> <|endoftext|> <|im_start|>user\nhi<|im_end|> <|begin_of_text|><|eot_id|> [INST] x [/INST]<s>",
    "a<s>b</s>c <tool_call>{}</tool_call> ▁<PRE> x▁<SUF> <FILL_ME> x<FILL_ME>y >>TITLE<<>>QUESTION<< <|User|>x",
    "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|fim_prefix|><repo_name><start_of_turn>",
    "harbour harbours Xharbour harbour_ harbour. 'harbour' house   boat  houses  boats boat boats, a boat! <sep>  x <mask>",
    "x  <sep>  <cls> house <sep><cls> house <cut>   y  <cut><cut> z <mask><cut>",
    "``quoted'' ``twice`` `once`",
    "▁ ▁▁ ▁x x▁y Ġx Ċ <0x41> <0x0A><0xE4> <0xFF> ð Ł",
    "!!!???...,,,;;;:::---___===+++***&&&^^^%%%$$$###@@@~~~((([[[{{{}}}]]])))|||\\\\\\///<<<>>>",
    "! ? . , ; : - _ = + * & ^ % $ # @ ~ ( [ { } ] ) | \\ / < >",
    "¡¿«»„“”‘’‹›—–…•·†‡§¶©®™°ªº¹²³¼½¾×÷¬¦¨´¸¯µ€£¥¢ƒ",
    "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, ∑ᵢ αᵢ ≤ √π ≈ 1.77 → ∞ ⇒ ∎ ⟨a|b⟩ ℵ₀ ℏ",
    "\U0001d400\U0001d4d0 \U00010330 \U00020000\U0002a6d6 \U000e0001 \U0010ffff \ufffd \uffff \ue000 \u0378",
    "supercalifragilisticexpialidociousantidisestablishmentarianismpneumonoultramicroscopicsilicovolcanoconiosis",
    "thethethethethethethetheingingingingingingingtionstionstionstionsharbourharbourharbourharbourharbour",
    " " * 100 + "x" + " " * 23 + "\n" + " " * 70,
    "\n" * 70 + "\t" * 70 + "x",
    "=" * 80 + "\n" + "-" * 79 + "|" + "0123456789" * 12,
    "ab" * 60 + "é" * 40 + "한" * 30 + "😀" * 20 + "\u0301" * 40,
]

# One text so many times over: long words, and long lines.
LONG = [
    ("a", 50_000),
    ("harbour", 5_000),
    (" ", 40_000),
    ("the market is full: fish on ice, ", 1_000),
    ("港口六点开门", 2_000),
    ("e\u0301\u0323", 4_000),
    ("ü😀\n", 2_000),
    ("x1=", 4_000),
]

POOLS = [
    "abcdefghijklmnopqrstuvwxyz",
    "ABCXYZ",
    "0123456789",
    "    ",
    "\n\r\t\v\f",
    "\u00a0\u3000\u0085\u200b\u2028\u1680\u202f\u2009",
    "'’`\"",
    "sdtmreveLLll",
    "àéîõüßçñøåÀÉ",
    "\u0301\u0308\u0323\u0345\u05b0\u064b\u094d\u20dd\u0327",
    "漢字かなカナ한국어中文",
    "абвгдЖЯ",
    "αβγΩ",
    "אבג ערבי",
    "हिन्दी क्षेत्र",
    "ไทยก็",
    "😀👨‍👩‍👧🏽🇩🇪❤️",
    "<>|/[]_{}()!?.,;:-+*=&^%$#@~\\",
    "\0\x01\x1b\x7f",
    "²³¹½¼Ⅷ①٣३",
    "ſKÅΩﬁ",
    "각가힣ᄀ ᅡ ᆨ",
    "\U0001d400\U0001f600\U000e0001\U0010ffff\ufffd\uffff",
    "▁Ġ<0x41>",
    "µªºǅʰ",
]
WORDS = [" the", " and", "'s", "'LL", "'re", "ing ", "hello", "\n\n", "  ", "1234", "def f(x):\n    return x", "http://"]
REPEATED = ["the", "ing", "harbour", " ", "  \n", "▁▁", "é", "12", "한국어"]


def any_character(source):
    planes = [(0x80, 0x800), (0x800, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000)]
    return chr(source.randrange(*source.choice(planes)))


def random_text(source, spellings):
    """A text of one to a few hundred characters, with spellings of added tokens in it."""
    draw = source.random()
    if draw < 0.05:
        pool = source.choice(POOLS)
        run = "".join(source.choice(pool) for _ in range(source.randrange(50, 400)))
        return source.choice(["", "a ", " "]) + run + source.choice([""] + WORDS)
    if draw < 0.08:
        return source.choice(REPEATED) * source.randrange(30, 120)
    pools = source.sample(POOLS, source.randrange(1, 6))
    parts = []
    for _ in range(source.choice([1, 2, 3, 5, 8, 13, 30, 60])):
        draw = source.random()
        if draw < 0.06 and spellings:
            parts.append(source.choice(spellings))
        elif draw < 0.10:
            parts.append(any_character(source))
        elif draw < 0.16:
            parts.append(source.choice(WORDS))
        else:
            pool = source.choice(pools)
            parts.append("".join(source.choice(pool) for _ in range(source.choice([1, 1, 2, 3, 6]))))
    return "".join(parts)


def random_texts(count, seed, spellings):
    source = random.Random(seed)
    return [random_text(source, spellings) for _ in range(count)]
