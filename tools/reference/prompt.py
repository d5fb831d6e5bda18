"""A prompt laid out on its schema: which pieces are present, what fills parameters, where new text stands."""
from dataclasses import dataclass

from document import SPACE, Element
from names import ROLES
from problem import GRAMMAR, LAYOUT, PROMPT, Problem
from white_space import normalized


@dataclass
class NewRun:
    text: str
    preserve: bool
    is_last: bool = False


@dataclass
class Fresh:
    """Tokens that no encoding covers."""
    start: int
    tokens: list
    end: int  # behind what they take
    is_new: bool = False  # text of the prompt itself


class PromptLayout:
    def __init__(self, root, layout, plan, template, limit):
        self.layout, self.plan, self.tokens, self.template = layout, plan, layout.tokens, template
        schema = layout.schema
        if root.name != "prompt":
            raise Problem(GRAMMAR, f"root `{root.name}`")
        root.only("schema", "xml:space")
        if root.required("schema") != schema.name:
            raise Problem(PROMPT, f"no schema `{root.attributes['schema']}`")
        self.imported = {(): {}}  # path -> arguments
        groups = self._read(root, schema.root)
        self._default_arguments()
        self.fresh, self.cached = [], []
        self._place_schema()
        self._place_new_text(groups)
        self.fresh.sort(key=lambda f: f.start)
        taken = [f.end for f in self.fresh] + [p.end for p, _ in self.cached]
        self.next = max(taken, default=0)
        self.present = sum(len(f.tokens) for f in self.fresh) + sum(len(p.tokens) for p, _ in self.cached)
        if self.next >= limit:
            raise Problem(LAYOUT, f"the prompt takes {self.next} positions, the model has {limit}")
        if not self.present:
            raise Problem(LAYOUT, "an empty prompt")

    # Reading

    def _read(self, root, top):
        """-> [(module, items)]: new text behind each reference at the top, the first group before all of them"""
        groups = [(None, [])]
        after_system = False
        for child in root.children:
            items = groups[-1][1]
            if isinstance(child, str):
                if child.strip(SPACE):
                    items.append(NewRun(child, root.preserve))
                    after_system = False
            elif child.name in ROLES:
                child.only("xml:space")
                items.append((child, after_system))
                after_system = child.name == "system"
            else:
                groups.append((self._reference(child, top), []))
                after_system = False
        runs = []
        result = []
        for module, items in groups:
            flat, user_last = [], False
            for index, item in enumerate(items):
                user_last = False
                if isinstance(item, NewRun):
                    flat.append(item)
                    runs.append(item)
                    continue
                element, follows_system = item
                held = [c for c in element.children if not isinstance(c, str) or c.strip(SPACE)]
                if any(isinstance(c, Element) for c in held):
                    raise Problem(GRAMMAR, "a role of a prompt holds new text")
                held = [NewRun(c, element.preserve) for c in held]
                runs += held
                flat.append((element.name, follows_system, held, index == 0))
                user_last = element.name == "user"
            result.append((module, flat, user_last))
        if runs:
            runs[-1].is_last = True
        self._in_order(result)
        return result

    def _in_order(self, groups):
        """Text before or between references wants these in schema order."""
        if not any(flat for _, flat, _ in groups[:-1]):
            return
        order = {m.path: i for i, m in enumerate(self.layout.modules)}
        orders = [order[m.path] for m, _, _ in groups if m is not None]
        if orders != sorted(orders):
            raise Problem(PROMPT, "text between references that are not in schema order")

    def _reference(self, element, scope):
        name = element.name
        if name not in scope.modules:
            raise Problem(PROMPT, f"no module `{name}` in `{'/'.join(scope.path)}`")
        module = scope.modules[name]
        if module.path in self.imported:
            raise Problem(PROMPT, f"`{name}` twice")
        if name in scope.unions:
            for other in scope.unions[name].members:
                if other.path in self.imported:
                    raise Problem(PROMPT, f"`{name}` and `{other.path[-1]}` are members of one union")
        for parameter in element.attributes:
            if parameter not in module.parameters:
                raise Problem(PROMPT, f"no parameter `{parameter}` in `{name}`")
        self.imported[module.path] = dict(element.attributes)
        if element.has_text():
            raise Problem(PROMPT, "text inside a reference")
        for child in element.elements():
            self._reference(child, module)
        return module

    def _default_arguments(self):
        by_path = {m.path: m for m in self.layout.modules}
        for path, arguments in self.imported.items():
            if path == ():
                continue
            for parameter in by_path[path].parameters.values():
                if parameter.name not in arguments:
                    if parameter.default is None:
                        raise Problem(PROMPT, f"no argument for `{parameter.name}`")
                    arguments[parameter.name] = parameter.default

    # Placing

    def _place_schema(self):
        covering = self.plan.covering(self.imported)
        for piece in self.layout.pieces:
            path = piece.module.path
            if path not in self.imported:
                continue
            if piece.parameter is not None:
                text = (" " if piece.argument_space else "") + self.imported[path][piece.parameter.name]
                tokens = self.tokens.text(text)
                if len(tokens) > piece.parameter.length:
                    raise Problem(LAYOUT, f"{len(tokens)} tokens for `{piece.parameter.name}`")
                self.fresh.append(Fresh(piece.start, tokens, piece.end))
            elif piece.module.cache:
                self.cached.append((piece, covering.get(path)))
            else:
                self.fresh.append(Fresh(piece.start, piece.tokens, piece.end))

    def _place_new_text(self, groups):
        pieces = [p for p in self.layout.pieces if p.module.path in self.imported]
        for number, (module, flat, user_last) in enumerate(groups[:-1]):
            if not flat:
                continue
            if module is None:
                following = groups[1][0]
                ahead = [p.end for p in pieces if p.module.path == ()
                         and p.end <= self.layout.starts[following.path] and self._before(p, following)]
                start = max(ahead, default=0)
            else:
                held = [p.end for p in pieces if p.module.path[: len(module.path)] == module.path]
                start = max(held + [f.end for f in self.fresh if f.is_new], default=self.layout.starts[module.path])
            behind = [p.start for p in pieces if p.start >= start]
            placed = self._new_text(flat, start, self._closes_system(pieces, start))
            end = placed[-1].end if placed else start
            if behind and end > min(behind):
                raise Problem(LAYOUT, f"{end - start} tokens, {min(behind) - start} positions are free")
            self.fresh += placed
        module, flat, user_last = groups[-1]
        taken = [p.end for p in pieces] + [f.end for f in self.fresh]
        start = max(taken, default=0)
        placed = self._new_text(flat, start, self._closes_system(pieces, start))
        if user_last and self.template.header:
            at = placed[-1].end if placed else start
            tokens = self.tokens.template(self.template.header)
            placed.append(Fresh(at, tokens, at + len(tokens)))
        self.fresh += placed

    def _before(self, piece, module):
        own = [p.order for p in self.layout.pieces if p.module.path[: len(module.path)] == module.path]
        return not own or piece.order < min(own)

    def _closes_system(self, pieces, at):
        return any(p.closes_system and p.end == at for p in pieces)

    def _new_text(self, flat, at, after_system):
        placed = []

        def place(tokens):
            nonlocal at
            if tokens:
                placed.append(Fresh(at, tokens, at + len(tokens), True))
                at += len(tokens)

        for item in flat:
            if isinstance(item, NewRun):
                place(self.tokens.text(self._text(item, at)))
                continue
            role, follows_system, held, opens = item
            prefix, suffix = self.template.parts(role, follows_system or (opens and after_system))
            place(self.tokens.template(prefix) if prefix else [])
            for run in held:
                place(self.tokens.text(self._text(run, at)))
            place(self.tokens.template(suffix) if suffix else [])
        return placed

    def _text(self, run, at):
        if run.preserve:
            return run.text
        text, _ = normalized(run.text, at == self.layout.first, False)
        return text.rstrip(SPACE) if run.is_last else text
