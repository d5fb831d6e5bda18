#!/usr/bin/env python3
"""Reads a store by docs/store-format.md alone, and checks all that is said there.

    /usr/bin/python3 tools/store/read_store.py STORE

Needs Debian's python3-lmdb and python3-xxhash. Prints one JSON object, with what `pmlc store verify --json` counts; exits
with 1 if something is not as the format says. Lookups go through LMDB: what `verify` finds in damaged pages of the index
is not looked for here.
"""
import ctypes
import hashlib
import json
import os
import struct
import sys

import lmdb
import xxhash

TABLES = ["blobs", "memos", "namespaces", "pins", "uses", "versions"]
OF_LIBRARIES = ["documents", "heads", "texts"]
NUMBER_BYTES = {1: 4, 2: 2, 3: 1}
LARGEST_NUMBER = 2**53
LONGEST_NAME = 1024


class Wrong(Exception):
    """Something is not as the format says."""


def expect(holds, problem):
    if not holds:
        raise Wrong(problem)


class View(ctypes.Structure):
    """Python's Py_buffer, to learn where in the map a value lies."""

    _fields_ = [("address", ctypes.c_void_p), ("object", ctypes.py_object), ("length", ctypes.c_ssize_t)]
    _fields_ += [("rest", ctypes.c_byte * 64)]


def address(value):
    view = View()
    ctypes.pythonapi.PyObject_GetBuffer(ctypes.py_object(value), ctypes.byref(view), 0)
    found = view.address
    ctypes.pythonapi.PyBuffer_Release(ctypes.byref(view))
    return found


def map_start(path):
    with open("/proc/self/maps") as maps:
        return min(int(line.split("-")[0], 16) for line in maps if line.rstrip("\n").endswith(os.path.realpath(path)))


def fold(heads, dimension, tokens, element):
    """Bytes of a tile, of its numbers, and of one head's keys, as for its values."""
    numbers = 16 * dimension * NUMBER_BYTES[element]
    tile = numbers + (2 * 16 * -(-dimension // 32) if element == 3 else 0)
    return tile, numbers, -(-(-(-tokens // 16) * tile) // 64) * 64


def check_zeros(payload, heads, dimension, tokens, element):
    """The places of tokens past the last, and what is left over of a head, are zero."""
    tile, numbers, head = fold(heads, dimension, tokens, element)
    size, used = NUMBER_BYTES[element], tokens % 16
    for start in range(0, len(payload), max(head, 1)):
        is_key = start < len(payload) // 2
        end = start + -(-tokens // 16) * tile
        places = [payload[end : start + head]]
        if used:
            last = payload[end - tile : end]
            columns = [last[i + used * size : i + 16 * size] for i in range(0, numbers, 16 * size)]
            places += columns if is_key else [last[used * dimension * size : numbers]]
            places += [last[i + 2 * used : i + 32] for i in range(numbers, tile, 32)]
        expect(not any(map(any, places)), "something stands where no token is")


def check_blob(key, value, page, start):
    expect(len(key) == 101, "its key has another length")
    expect((16 + len(value)) % page == 0, "its value is not filled up to whole pages")
    offset = address(value) - start
    expect(offset % page == 16 and (offset + 48) % 64 == 0, "its payload is not aligned")
    expect(len(value) >= 48, "it is shorter than a header")
    magic, form, element, zero, heads, dimension, tokens, layer, size, key_hash, checksum = struct.unpack(
        "<4sHBBIIIIQQQ", value[:48]
    )
    expect(magic == b"PCKV" and form == 1 and zero == 0, "it does not begin as a blob of format 1 does")
    expect(element in NUMBER_BYTES and element == key[64], "its element is not the key's")
    expect(layer == int.from_bytes(key[97:], "big"), "its layer is not the key's")
    expect(key_hash == xxhash.xxh3_64_intdigest(key), "it belongs to another key")
    expect(heads and dimension and size == 2 * heads * fold(heads, dimension, tokens, element)[2], "its length is wrong")
    expect(48 + size <= len(value) < 48 + size + page, "its payload does not fit its value")
    hasher = xxhash.xxh3_64(key)
    hasher.update(value[:40])
    hasher.update(value[48:])
    expect(checksum == hasher.intdigest(), "its checksum is wrong")
    check_zeros(bytes(value[48 : 48 + size]), heads, dimension, tokens, element)
    expect(not any(value[48 + size :]), "something follows its payload")


class Body:
    """What follows a record's checksum."""

    def __init__(self, key, value):
        expect(len(value) >= 8 and value[:8] == struct.pack("<Q", xxhash.xxh3_64_intdigest(key + value[8:])), "its checksum is wrong")
        self.rest = value[8:]

    def take(self, count):
        expect(count <= len(self.rest), "it ends too soon")
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def integer(self, count):
        return int.from_bytes(self.take(count), "little")

    def number(self):
        """A time, a sum, or the number of a version."""
        value = self.integer(8)
        expect(value <= LARGEST_NUMBER, "it holds a number above 2^53")
        return value

    def list(self):
        return self.take(self.integer(4))

    def name(self):
        name = self.list()
        expect(len(name) <= LONGEST_NAME, "it holds a name of more than 1,024 bytes")
        return name

    def end(self):
        expect(not self.rest, "something follows its end")


def sha256(data):
    return hashlib.sha256(data).digest()


def namespace_tag(name):
    return sha256(struct.pack("<Q", 22) + b"prompt-cache namespace" + struct.pack("<Q", len(name)) + name)


class Store:
    def __init__(self, path):
        self.path = path
        self.damage = []
        self.counts = {"blobs": 0, "byte_count": 0, "records": 0, "versions": 0}
        self.sums, self.accounts, self.layers, self.versions, self.pins, self.uses = {}, {}, {}, {}, [], []
        self.arriving = set()
        self.heads, self.rows, self.texts, self.listings, self.libraries = {}, {}, set(), {}, {}

    def note(self, problem, table=None, key=b""):
        names = {"problem": problem, "kind": "blob" if table == "blobs" else "record", "table": table}
        if table == "blobs" and len(key) == 101:
            names |= {"encoding": key[65:97].hex(), "layer": int.from_bytes(key[97:], "big")}
        self.damage.append({name: value for name, value in names.items() if value is not None})

    def check_folder(self):
        with open(f"{self.path}/store.format", "rb") as file:
            expect(file.read() == b"prompt-cache store\nformat 1\n", "`store.format` is not that of a store of format 1")
        for name, mode in [("", 0o700), ("data.mdb", 0o600), ("lock.mdb", 0o600), ("access.lock", 0o600)]:
            status = os.stat(f"{self.path}/{name}")
            expect(status.st_mode & 0o777 == mode, f"`{name or self.path}` has not mode {mode:o}")
            expect(status.st_uid == os.geteuid(), f"`{name or self.path}` belongs to somebody else")

    def read(self):
        self.check_folder()
        env = lmdb.open(self.path, readonly=True, max_dbs=9, map_size=1 << 40, max_readers=4096)
        trees = {name: env.open_db(name.encode(), create=False) for name in TABLES}
        for name in OF_LIBRARIES:
            try:
                trees[name] = env.open_db(name.encode(), create=False)
            except lmdb.NotFoundError:
                pass
        page = env.stat()["psize"]
        # Reading behind the end of the file would end the process.
        expect(os.path.getsize(f"{self.path}/data.mdb") >= (env.info()["last_pgno"] + 1) * page, "the file is cut off")
        start = map_start(f"{self.path}/data.mdb")
        with env.begin(buffers=True) as transaction:
            for name in trees:
                for key, value in transaction.cursor(db=trees[name]):
                    self.check(name, bytes(key), value, page, start)
        self.check_whole()

    def check(self, table, key, value, page, start):
        try:
            if table == "blobs":
                self.counts["blobs"] += 1
                self.counts["byte_count"] += 16 + len(value)
                blobs, size = self.sums.get(key[:32], (0, 0))
                self.sums[key[:32]] = (blobs + 1, size + 16 + len(value))
                self.layers.setdefault(key[:97], []).append(int.from_bytes(key[97:], "big"))
                check_blob(key, value, page, start)
            else:
                self.counts["records"] += 1
                body = Body(key, bytes(value))
                getattr(self, "check_" + table)(key, body)
                body.end()
        except Wrong as wrong:
            self.note(str(wrong), table, key)

    def check_memos(self, key, body):
        expect(key[32:] == sha256(body.list()), "its name is not the key's")
        body.list()

    def check_namespaces(self, key, body):
        self.accounts[key] = (body.number(), body.number())
        expect(namespace_tag(body.name()) == key, "its name is not the key's")

    def check_pins(self, key, body):
        self.pins.append(key)
        body.number()

    def check_uses(self, key, body):
        self.uses.append(key)
        body.number()
        mark = body.integer(1) if body.rest else 0
        expect(mark in (0, 1, 2), "its mark is none that there is")
        if mark == 1:
            self.arriving.add(key)
        elif mark == 2:
            depth, _, _, previous = body.number(), body.number(), body.number(), body.take(32)
            expect(depth or not any(previous), "the first of a chain has one in front of it")
            body.name(), body.name()

    def check_versions(self, key, body):
        self.counts["versions"] += 1
        model, number, _, _ = body.take(32), body.number(), body.number(), body.take(32)
        element, schema, _ = body.take(1), body.name(), body.list()
        encodings = [body.take(32) for _ in range(body.integer(4))]
        labels = [body.name().decode() for _ in range(body.integer(4))]
        own, libraries = len(encodings), []
        for _ in range(body.integer(4) if body.rest else 0):
            name, start = body.name(), body.rest
            documents = [self.document(body) for _ in range(body.integer(4))]
            libraries.append((name, sha256(start[: len(start) - len(body.rest)])))
            self.listings[key[:32] + libraries[-1][1]] = documents
            encodings += [encoding for _, _, segments in documents for encoding, _ in segments]
        self.libraries[key] = libraries
        expect(key[32:] == model + sha256(schema) + struct.pack(">Q", number), "it is another version than its key's")
        expect(element[0] in NUMBER_BYTES and number > 0 and len(labels) in (0, own), "it says something impossible")
        self.versions[key] = [key[:32] + model + element + encoding for encoding in encodings]

    def document(self, body):
        name, content = body.list(), body.take(32)
        return name, content, [(body.take(32), body.integer(4)) for _ in range(body.integer(4))]

    def check_documents(self, key, body):
        rows = self.rows.setdefault(key[:64], {})
        if len(key) == 64:
            rows[None] = body.number()
            return
        place, document = body.integer(4), self.document(body)
        name = document[0]
        expect(key[64:] == (name if len(name) <= 255 else name[:223] + sha256(name)), "its name is not the key's")
        rows[place] = document

    def check_heads(self, key, body):
        body.number(), body.take(32), body.take(1)
        expect(key[64:96] == sha256(body.name()), "it is of another schema than its key's")
        body.list()
        self.heads[key] = [(body.name(), body.take(32)) for _ in range(body.integer(4))]

    def check_texts(self, key, body):
        hasher = hashlib.sha256(struct.pack("<Q", 20) + b"prompt-cache texts 1")
        count = body.integer(4)
        hasher.update(struct.pack("<Q", count))
        for _ in range(count):
            run = body.list()
            hasher.update(struct.pack("<Q", len(run)) + run)
        expect(hasher.digest() == key[32:], "its digest is not the key's")
        self.texts.add(key)

    def check_libraries(self):
        for key, libraries in self.libraries.items():
            if libraries != self.heads.get(key, []):
                self.note("its libraries are not those of its head", "versions", key)
        for key, documents in self.listings.items():
            rows = self.rows.get(key, {})
            if rows.get(None) != len(documents) or [rows.get(i) for i in range(len(documents))] != documents:
                self.note("its rows are not those of its listing", "documents", key)
            if any(key[:32] + content not in self.texts for _, content, _ in documents):
                self.note("a text of its documents is missing", "documents", key)

    def check_whole(self):
        self.check_libraries()
        for tag, account in self.accounts.items():
            if account != self.sums.get(tag, (0, 0)):
                self.note("its sums are not those of its blobs", "namespaces", tag)
        for key, encodings in self.versions.items():
            # What was freed for want of space is missing as a whole; what an import has not finished is not there yet.
            found = [[] if encoding in self.arriving else self.layers.get(encoding, []) for encoding in encodings]
            if len({len(layers) for layers in found if layers}) > 1 or any(x != list(range(len(x))) for x in found):
                self.note("it needs encodings that are not whole", "versions", key)
        for table, keys, there in [("pins", self.pins, self.versions), ("uses", self.uses, self.layers)]:
            for key in keys:
                if key not in there:
                    self.note("it is of something that is not there", table, key)


def main():
    store = Store(sys.argv[1])
    try:
        store.read()
    except (Wrong, OSError, lmdb.Error) as error:
        store.note(str(error))
    print(json.dumps(store.counts | {"damage": store.damage}, indent=1))
    sys.exit(1 if store.damage else 0)


main()
