#!/usr/bin/env python3
"""The digests that EncodingPlanTests.digestsAreThoseOfTheFormat pins, computed from the format alone.

Integers are 8 bytes, tokens 4, least significant byte first; strings have their length before them.
Schema: BOS 1, module m isolated: text [97, 98], parameter of 3 with placeholder text [120] and fill 2, text [99].
"""
import hashlib
import struct


def integer(value):
    return struct.pack("<q", value)


def tokens(values):
    return integer(len(values)) + b"".join(struct.pack("<i", value) for value in values)


def context(entries):
    """Digest of a list of (encoding's digest, place)."""
    digest = hashlib.sha256(b"prompt-cache context 1").digest()
    for encoding, place in entries:
        digest = hashlib.sha256(digest + encoding + integer(place)).digest()
    return digest


def encoding(seen, start, what):
    tag = b"prompt-cache encoding 1"
    return hashlib.sha256(integer(len(tag)) + tag + context(seen) + integer(start) + what).digest()


bos = encoding([], 0, tokens([1]))
ab = encoding([(bos, -1)], 0, tokens([97, 98]))
parameter = encoding([(bos, -1), (ab, 0)], 2, tokens([120]) + tokens([2]) + integer(3))
c = encoding([(bos, -1), (ab, 0), (parameter, 2)], 5, tokens([99]))
for digest in (bos, ab, parameter, c):
    print(digest.hex())
