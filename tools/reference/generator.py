"""Random schemas and prompts: valid ones by construction, and ones that a mutation may have spoilt."""
import random
import re
from xml.sax.saxutils import escape, quoteattr

from cases import Case

WORDS = ("the mayor of Norville is Didi her phone 6271 price 20 a trip to Kadale lasts 12 days she likes soup and bread "
         "x = y + 1; if a < b && c > d: 東京 naïve café — don't e\u0301 \U0001F600 </s> <s> Question: Answer: who?").split()
SPACES = [" ", " ", " ", " ", "  ", "\n", "\n  ", "\n    ", "\n\n", "\t", "\n\t ", " \n \n   "]
TEMPLATES = ["chatml", "llama3", "llama2", "mistral", "vicuna", "falcon", "plain"]
NAMES = ["a", "b", "c", "d", "unit.py", "task-1", "東京", "x_y", "doc", "e1"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seed = seed
        self.modules = []  # (path, cache, members it shares a union with, parameters) in document order
        self.files = {}

    def chance(self, p):
        return self.random.random() < p

    def words(self, most=6):
        return " ".join(self.random.choice(WORDS) for _ in range(self.random.randint(1, most)))

    def raw(self, most=6):
        """Text with white space of all kinds around and in it, escaped one way or the other."""
        r = self.random
        edge = lambda: r.choice(SPACES) if self.chance(0.7) else ""
        text = edge() + edge() + r.choice(SPACES).join(self.words(3) for _ in range(r.randint(1, 3))) + edge() + edge()
        if self.chance(0.1) and "]]>" not in text:
            return f"<![CDATA[{text}]]>"
        text = escape(text)
        if self.chance(0.1):
            at = text.find(" ")
            if at > 0:
                text = text[:at] + r.choice(["<!-- c -->", "<?p i?>", "&#32;", "&#10;", "<![CDATA[ < ]]>"]) + text[at:]
        return text

    def gap(self):
        return self.random.choice(SPACES) if self.chance(0.6) else ""

    # Schemas

    def schema(self):
        attributes = ' name="s"'
        if self.chance(0.6):
            attributes += self.random.choice([' positions="compact"', ' positions="fixed"', ' positions="fixed"'])
        if self.chance(0.25):
            attributes += ' attention="isolated"'
        if self.chance(0.08):
            attributes += ' xml:space="preserve"'
        body = self.content((), 0, False, set(), set())
        body += "".join(self.scaffold() + self.gap() for _ in range(self.random.choice([0, 0, 1, 2])))
        return f"<schema{attributes}>{body}</schema>"

    def content(self, path, depth, role, names, parameters):
        """names, parameters: those already taken in this scope"""
        r = self.random
        out = []
        for _ in range(r.randint(1, 5 if depth < 2 else 3)):
            kind = r.random()
            if kind < 0.35:
                out.append(self.raw())
            elif kind < 0.60 and depth < 4:
                out.append(self.module(path, depth, role, names, []))
            elif kind < 0.72 and depth < 3:
                out.append(self.union(path, depth, role, names))
            elif kind < 0.90 and path:
                out.append(self.parameter(path, parameters))
            elif kind < 0.97 and not role:
                tag = r.choice(["system", "user", "assistant"])
                space = ' xml:space="preserve"' if self.chance(0.1) else ""
                out.append(f"<{tag}{space}>{self.content(path, depth + 1, True, names, parameters)}</{tag}>")
            else:
                out.append("<!-- nothing -->")
            out.append(self.gap())
        return self.gap() + "".join(out)

    def module(self, path, depth, role, names, union):
        free = [n for n in NAMES if n not in names]
        if not free:
            return ""
        r = self.random
        name = r.choice(free)
        names.add(name)
        attributes = f' name="{name}"'
        cache = not self.chance(0.1)
        if not cache or self.chance(0.1):
            attributes += f' cache="{str(cache).lower()}"'
        if self.chance(0.2):
            attributes += r.choice([' attention="isolated"', ' attention="context"'])
        if self.chance(0.08):
            attributes += r.choice([' xml:space="preserve"', ' xml:space="default"'])
        if self.chance(0.05):
            file = f"f{len(self.files)}.txt"
            self.files[file] = r.choice(["", "\ufeff"]) + self.words() + r.choice(["", "\n", "\r\n  x\n"])
            attributes += f' src="{file}"'
        entry = {"path": path + (name,), "cache": cache, "union": union, "parameters": {}}
        self.modules.append(entry)
        union.append(name)
        held = self.content(path + (name,), depth + 1, role, set(), set())
        return f"<module{attributes}>{held}</module>"

    def union(self, path, depth, role, names):
        r = self.random
        union = []
        members = "".join(self.gap() + self.module(path, depth, role, names, union) for _ in range(r.randint(1, 3)))
        if not union:
            return ""
        scaffold = f' scaffold="{r.choice(union)}"' if self.chance(0.4) else ""
        return f"<union{scaffold}>{members}{self.gap()}</union>"

    def parameter(self, path, parameters):
        r = self.random
        name = r.choice(["p", "q", "r", "system", "a", "東"])
        if name in parameters:
            return ""
        parameters.add(name)
        length = r.randint(1, 12)
        attributes = [f'name="{name}"', f'{r.choice(["length", "length", "len"])}="{length}"']
        if self.chance(0.3):
            attributes.append(f'scaffold={quoteattr(self.words(2) if length > 8 else "x" if length > 1 else "")}')
        default = self.chance(0.4)
        if default:
            attributes.append(f'default={quoteattr(self.words(2) if length > 8 else "y" if length > 1 else "")}')
        r.shuffle(attributes)
        owner = next(m for m in self.modules if m["path"] == path)
        owner["parameters"][name] = (length, default)
        return f'<{r.choice(["parameter", "parameter", "param"])} {" ".join(attributes)}/>'

    def scaffold(self):
        cached = [m["path"] for m in self.modules if m["cache"]]
        r = self.random
        chosen = []
        for path in r.sample(cached, len(cached)):
            if all(self.apart(path, other) for other in chosen):
                chosen.append(path)
        chosen = chosen[: r.randint(2, 4)]
        if len(chosen) < 2:
            return ""
        return f'<scaffold modules="{" ".join("/".join(p) for p in chosen)}"/>'

    def apart(self, a, b):
        if a[: len(b)] == b or b[: len(a)] == a:
            return False
        shared = 0
        while a[shared] == b[shared]:
            shared += 1
        member = next(m for m in self.modules if m["path"] == a[: shared + 1])
        return b[shared] not in member["union"]

    # Prompts

    def prompt(self):
        between = self.chance(0.15)
        references = self.references(())
        if not between:
            self.random.shuffle(references)
        out = []
        for reference in references:
            if between and self.chance(0.5):
                out.append(escape(self.random.choice(["x", " and ", "\n so\n"])))
            out.append(self.gap() + reference)
        tail = []
        if self.chance(0.85):
            for _ in range(self.random.randint(1, 3)):
                if self.chance(0.4):
                    tag = self.random.choice(["system", "user", "user", "assistant"])
                    space = ' xml:space="preserve"' if self.chance(0.1) else ""
                    tail.append(f"<{tag}{space}>{self.raw() if self.chance(0.9) else ''}</{tag}>")
                else:
                    tail.append(self.raw())
                tail.append(self.gap())
        return f'<prompt schema="s">{"".join(out)}{self.gap()}{"".join(tail)}</prompt>'

    def references(self, scope):
        taken, out = set(), []
        for module in self.modules:
            path = module["path"]
            if path[:-1] != scope or not self.chance(0.65) or any(n in taken for n in module["union"]):
                continue
            taken.add(path[-1])
            arguments = ""
            for name, (length, default) in module["parameters"].items():
                if not default or self.chance(0.5):
                    text = self.words(2) if length > 8 else self.random.choice(["", "x", "."]) if length > 1 else ""
                    arguments += f" {name}={quoteattr(text)}"
            held = self.references(path)
            self.random.shuffle(held)
            inner = "".join(self.gap() + h for h in held)
            out.append(f"<{path[-1]}{arguments}>{inner}</{path[-1]}>" if inner else f"<{path[-1]}{arguments}/>")
        return out

    def mutated(self, text):
        """One small change that may or may not make the document wrong."""
        r = self.random
        tags = list(re.finditer(r"<[^!?][^>]*>", text))
        tag = r.choice(tags)
        attributes = list(re.finditer(r' [^ =<>]+="[^"<>]*"', text))
        kind = r.randrange(6)
        if kind == 0:
            return text[: tag.start()] + text[tag.end():]
        if kind == 1:
            return text[: tag.start()] + tag.group() + text[tag.start():]
        if kind == 2 and attributes:
            a = r.choice(attributes)
            return text[: a.start()] + text[a.end():]
        if kind == 3 and attributes:
            a = r.choice(attributes)
            value = r.choice(["", "a", "0", "true", "isolated", "xml", "system", "1", "a b"])
            return text[: a.start()] + a.group().split("=")[0] + f'="{value}"' + text[a.end():]
        if kind == 4 and len(attributes) > 1:
            a, b = r.sample(attributes, 2)
            return text[: a.end()] + b.group() + text[a.end():]
        at = r.randrange(len(text))
        return text[:at] + r.choice(["<user>", "</user>", "<a/>", "word", "&amp;", "<union/>", "\n", "<", "x "]) + text[at:]


def case(seed):
    """-> a case; what it should give is for the reference to say"""
    generator = Generator(seed)
    schema = generator.schema()
    prompt = generator.prompt()
    if seed % 4 == 3:
        if generator.chance(0.5):
            schema = generator.mutated(schema)
        else:
            prompt = generator.mutated(prompt)
    options = ["--chat-template", generator.random.choice(TEMPLATES)]
    return Case(name=f"random {seed}", spec="all", schema=schema, prompt=prompt, files=generator.files, options=options)
