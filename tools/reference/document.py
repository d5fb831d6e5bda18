"""A document as a tree of elements and runs of text.

A run is all character data between two tags: references and CDATA count as the characters that they stand for,
comments and processing instructions are nothing, so what stands on both sides of one is a single run."""
import codecs
from xml.parsers import expat

from problem import GRAMMAR, XML, Problem

MAX_BYTES = 64 << 20
MAX_DEPTH = 200
MAX_ATTRIBUTES = 256
MAX_ELEMENTS = 1_000_000
SPACE = " \t\n\r"


class Element:
    def __init__(self, name, attributes, preserve):
        self.name = name
        self.attributes = attributes
        self.preserve = preserve
        self.children = []  # Element or str, no two strings beside each other

    def elements(self):
        return [c for c in self.children if isinstance(c, Element)]

    def has_text(self):
        return any(isinstance(c, str) and c.strip(SPACE) for c in self.children)

    def only(self, *names):
        """Refuses attributes other than these and `xml:space`, which the caller lists where it is allowed."""
        for name in self.attributes:
            if name not in names:
                raise Problem(GRAMMAR, f"no attribute `{name}` on `{self.name}`")

    def required(self, name):
        if name not in self.attributes:
            raise Problem(GRAMMAR, f"`{self.name}` without `{name}`")
        return self.attributes[name]


def parse(data):
    if len(data) > MAX_BYTES:
        raise Problem(XML, "document too large")
    try:
        codecs.decode(data, "utf-8")
    except UnicodeDecodeError:
        raise Problem(XML, "not UTF-8")
    if b"\0" in data:
        raise Problem(XML, "NUL")
    builder = _Builder()
    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.ordered_attributes = False
    parser.XmlDeclHandler = builder.declaration
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Problem(XML, str(error))
    return builder.root


class _Builder:
    def __init__(self):
        self.root = None
        self.open = []
        self.count = 0

    def declaration(self, version, encoding, standalone):
        if encoding is not None and encoding.lower() not in ("utf-8", "utf8"):
            raise Problem(XML, f"encoding {encoding}")

    def doctype(self, *_):
        raise Problem(XML, "DOCTYPE")

    def start(self, name, attributes):
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise Problem(XML, "too many elements")
        if len(self.open) == MAX_DEPTH:
            raise Problem(XML, "nested too deep")
        if len(attributes) > MAX_ATTRIBUTES:
            raise Problem(XML, "too many attributes")
        parent = self.open[-1] if self.open else None
        preserve = parent.preserve if parent else False
        if "xml:space" in attributes:
            value = attributes["xml:space"]
            if value not in ("preserve", "default"):
                raise Problem(GRAMMAR, "xml:space is `preserve` or `default`")
            preserve = value == "preserve"
        element = Element(name, attributes, preserve)
        if parent:
            parent.children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, name):
        self.open.pop()

    def text(self, data):
        children = self.open[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += data
        else:
            children.append(data)
