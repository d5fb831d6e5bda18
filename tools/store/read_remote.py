#!/usr/bin/env python3
"""Checks a copy of a remote store, a folder that any tool mirrored from its bucket, by docs/store-format.md alone.

    python3 tools/store/read_remote.py FOLDER

Prints one JSON object: versions, encodings (joint ones, too) and bytes; exits with 1 if something is not as the format says.
"""
import hashlib
import io
import json
import pathlib
import struct
import sys

ELEMENTS = {"f32": (1, 4), "f16": (2, 2), "q8": (3, 1)}  # number in heads, bytes
def expect(holds, problem):
    if not holds:
        raise ValueError(problem)

def payload_bytes(element, heads, dimension, tokens):
    code, size = ELEMENTS[element]
    tile = 16 * dimension * size + (2 * 16 * -(-dimension // 32) if code == 3 else 0)
    return 2 * heads * -(-(-(-tokens // 16) * tile) // 64) * 64

def check_states(data, model, element, encoding):
    magic, form, layers, m, e, code, heads, dimension, tokens = struct.unpack_from("<8sII32s32sIIII", data)
    expect(magic == b"PCSTATES" and form in (1, 2) and layers, "it is no file of states")
    expect((m.hex(), e.hex(), code) == (model, encoding, ELEMENTS[element][0]), "its head is not what its name says")
    kept = struct.unpack_from(f"<{layers}I", data, 96) if form == 2 else [tokens] * layers
    hashes = 96 + (4 * layers if form == 2 else 0)
    at = hashes + 32 * layers
    for layer, size in enumerate(payload_bytes(element, heads, dimension, count) for count in kept):
        wanted = data[hashes + 32 * layer :][:32]
        expect(hashlib.sha256(data[at : at + size]).digest() == wanted, f"layer {layer} is not what was written")
        at += size
    expect(at == len(data) and max(kept) == tokens, "it is not as long as its head says")

def encodings_named(data, model, schema, name):
    expect(data[:8] == b"PCPUBVER" and hashlib.sha256(data[:-32]).digest() == data[-32:], "it is no version")
    form, _, kind, _, size = struct.unpack_from("<IIIIQ", data, 8)
    expect((form, kind) == (1, 1) and 32 + size + 32 <= len(data), "its first part is not its record")
    body = io.BytesIO(data[32 : 32 + size])
    number = lambda: struct.unpack("<I", body.read(4))[0]
    text = lambda: body.read(number())
    m, n, _, _, code = struct.unpack("<32sQQ32sB", body.read(81))
    expect((m.hex(), n, hashlib.sha256(text()).hexdigest()) == (model, int(name), schema), "it is another version")
    text()  # the lowered schema
    encodings = [body.read(32) for _ in range(number())]
    [text() for _ in range(number())]  # labels
    for _ in range(number() if body.tell() < size else 0):
        text()  # a library's name
        for _ in range(number()):
            text(), body.read(32)  # a document's name, and its text's digest
            encodings += [(body.read(32), number())[0] for _ in range(number())]
    expect(body.tell() == size, "its record is not as long as it says")
    element = next(name for name, (number, _) in ELEMENTS.items() if number == code)
    return [f"states/{model}/{element}/{encoding.hex()}" for encoding in encodings]

root, problems, sizes, named = pathlib.Path(sys.argv[1]), [], {}, {}
for path in sorted(file for file in root.rglob("*") if file.is_file()):
    namespace, kind, *rest = (name := path.relative_to(root)).parts
    try:
        if kind in ("states", "joint"):
            check_states(path.read_bytes(), *rest)
            sizes[str(name)] = path.stat().st_size
        elif kind == "versions":
            named[str(name)] = [f"{namespace}/{encoding}" for encoding in encodings_named(path.read_bytes(), *rest)]
    except (ValueError, struct.error) as error:
        problems.append(f"{name}: {error}")
problems += [f"{version}: {name} is not there" for version, names in named.items() for name in names if name not in sizes]
print(json.dumps({"versions": len(named), "encodings": len(sizes), "byte_count": sum(sizes.values()), "problems": problems}))
sys.exit(1 if problems else 0)
