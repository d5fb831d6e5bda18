"""A prompt laid out on its schema: which pieces are present, what fills parameters, where new text stands."""
from dataclasses import dataclass

from contexts import Encoding
from document import SPACE, Element
from layout import Piece
from names import ROLES
from problem import GRAMMAR, LAYOUT, PROMPT, Problem
from white_space import normalized


@dataclass
class NewRun:
    text: str
    preserve: bool
    is_last: bool = False


@dataclass(eq=False)
class Part:
    """Tokens of a prompt at consecutive positions: a segment of the schema, what fills a parameter, or new text."""
    start: int
    tokens: list
    end: int  # behind what they take
    piece: Piece | None = None
    scaffold: tuple | None = None
    is_last: bool = False  # of the last new text

    @property
    def is_cached(self):
        return self.piece is not None and self.piece.parameter is None and self.piece.module.cache

    @property
    def may_be_joint(self):
        """Arguments and new text too, but nothing of a module that is not to be cached."""
        return not self.is_last and (self.piece is None or self.piece.module.cache)


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
        self.parts = []  # in the order of their positions
        present = self._present()
        if schema.compact:
            self._place_side_by_side(present, groups)
        else:
            self._place_in_layout(present, groups)
        self._place_last(*groups[-1][1:])
        self.next = self._end()
        self.parts = [part for part in self.parts if part.tokens]
        self.present = sum(len(part.tokens) for part in self.parts)
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

    def _present(self):
        """-> parts of the schema in layout order, at their places there"""
        covering = self.plan.covering(self.imported)
        parts = []
        for piece in self.layout.pieces:
            path = piece.module.path
            if path not in self.imported:
                continue
            tokens = piece.tokens
            if piece.parameter is not None:
                text = (" " if piece.argument_space else "") + self.imported[path][piece.parameter.name]
                tokens = self.tokens.text(text)
                if len(tokens) > piece.parameter.length:
                    raise Problem(LAYOUT, f"{len(tokens)} tokens for `{piece.parameter.name}`")
            parts.append(Part(piece.start, tokens, piece.end, piece, covering.get(path)))
        return parts

    def _place_side_by_side(self, present, groups):
        between = []  # (order of the first piece behind the new text, the text)
        for module, flat, _ in groups[:-1]:
            ahead = groups[1][0] if module is None else module
            between.append((self.layout.orders[ahead.path][0 if module is None else 1], flat))
        for part in present:
            while between and between[0][0] <= part.piece.order:
                self._append(between.pop(0)[1])
            part.start = self._end()
            part.end = part.start + len(part.tokens)
            self.parts.append(part)
        for _, flat in between:
            self._append(flat)

    def _append(self, flat):
        """New text right behind what there is."""
        start = self._end()
        self.parts += self._new_text(flat, start, self._closes_system(start))

    def _place_in_layout(self, present, groups):
        self.parts = present
        pieces = [part.piece for part in present]
        new = []
        for module, flat, _ in groups[:-1]:
            if not flat:
                continue
            if module is None:
                first = self.layout.orders[groups[1][0].path][0]
                start = max([p.end for p in pieces if p.module.path == () and p.order < first], default=0)
            else:
                held = [p.end for p in pieces if p.module.path[: len(module.path)] == module.path]
                start = max(held + [part.end for part in new], default=self.layout.starts[module.path])
            behind = [p.start for p in pieces if p.start >= start]
            placed = self._new_text(flat, start, self._closes_system(start))
            end = placed[-1].end if placed else start
            if behind and end > min(behind):
                raise Problem(LAYOUT, f"{end - start} tokens, {min(behind) - start} positions are free")
            new += placed
        self.parts = sorted(present + new, key=lambda part: part.start)

    def _place_last(self, flat, user_last):
        start = self._end()
        placed = self._new_text(flat, start, self._closes_system(start))
        if user_last and self.template.header:
            at = placed[-1].end if placed else start
            tokens = self.tokens.template(self.template.header)
            placed.append(Part(at, tokens, at + len(tokens)))
        for part in placed:
            part.is_last = True
        self.parts += placed

    def _end(self):
        return max((part.end for part in self.parts), default=0)

    def _closes_system(self, at):
        return any(part.piece is not None and part.piece.closes_system and part.end == at for part in self.parts)

    def _new_text(self, flat, at, after_system):
        placed = []

        def place(tokens):
            nonlocal at
            if tokens:
                placed.append(Part(at, tokens, at + len(tokens)))
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

    # Encodings

    def plain(self):
        """-> of each part its encoding in the version of its schema, or None"""
        return [self.plan.encoding(part.piece, part.scaffold) if part.is_cached else None for part in self.parts]

    def whole(self):
        """-> of each part the encoding that sees all in front of it, as it stands in the prompt"""
        found = []
        for part in self.parts:
            found.append(Encoding(part.tokens, part.start, [(e.start, e) for e in found]))
        return found

    def chain(self):
        """-> the joint encodings of what is in front of the last new text, and of `cache="false"`"""
        chain = []
        for part, encoding in zip(self.parts, self.whole()):
            if not part.may_be_joint:
                break
            chain.append(encoding)
        return chain
