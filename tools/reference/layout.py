"""Positions: depth first, in document order; members of a union start together, what follows starts after the longest."""
from dataclasses import dataclass

from problem import LAYOUT, Problem
from schema import Module, Parameter, Run, TemplateText, Union
from white_space import normalized


@dataclass(eq=False)
class Piece:
    """A segment, or a parameter's place in the schema's layout; `tokens` of the latter are its placeholder."""
    module: Module
    start: int
    length: int
    tokens: list
    order: int
    parameter: Parameter | None = None
    argument_space: bool = False
    is_bos: bool = False
    closes_system: bool = False

    @property
    def end(self):
        return self.start + self.length


class SchemaLayout:
    def __init__(self, schema, tokens, limit):
        self.schema = schema
        self.tokens = tokens
        self.pieces = []
        self.modules = []  # in layout order
        self.starts, self.ends = {}, {}  # by path
        self.orders = {}  # by path: orders of the first piece in it and of the first behind it
        self.union_spans = []  # (union, holder, order of the first piece behind it)
        self.limit = limit
        self.first = 0
        if tokens.bos is not None:
            self._piece(schema.root, 0, [tokens.bos], is_bos=True)
            self.first = 1
        self.length = self._module(schema.root, self.first)
        self._fits(self.length)

    def _fits(self, length):
        if not self.schema.compact and length > self.limit:
            raise Problem(LAYOUT, f"{length} positions, the model has {self.limit}")

    def _piece(self, module, start, tokens, length=None, **more):
        piece = Piece(module, start, len(tokens) if length is None else length, tokens, len(self.pieces), **more)
        self.pieces.append(piece)
        return piece.end

    def _module(self, module, at):
        if module.path:
            self.modules.append(module)
        self.starts[module.path] = at
        order = len(self.pieces)
        space = False  # one that moves to the parameter behind it
        for item in module.items:
            if isinstance(item, Run):
                text, space = self._text(item, at)
                if text:
                    at = self._piece(module, at, self.tokens.text(text))
            elif isinstance(item, TemplateText):
                if item.text:
                    at = self._piece(module, at, self.tokens.template(item.text), closes_system=item.closes_system)
            elif isinstance(item, Parameter):
                at = self._parameter(module, item, at, space)
                space = False
            elif isinstance(item, Union):
                ends = [self._module(member, at) for member in item.members]
                self.union_spans.append((item, module, len(self.pieces)))
                at = max(ends)
            else:
                at = self._module(item, at)
        self.ends[module.path] = at
        self.orders[module.path] = (order, len(self.pieces))
        return at

    def _text(self, run, at):
        if run.verbatim:
            return run.text, False
        return normalized(run.text, at == self.first, run.before_parameter)

    def _parameter(self, module, parameter, at, space):
        lead = " " if space else ""
        if parameter.default is not None:
            if len(self.tokens.text(lead + parameter.default)) > parameter.length:
                raise Problem(LAYOUT, f"the default of `{parameter.name}` is longer than its `length`")
        self._fits(at + parameter.length)
        shown = []
        if parameter.scaffold is not None:
            shown = self.tokens.text(lead + parameter.scaffold)
            if len(shown) > parameter.length:
                raise Problem(LAYOUT, f"the placeholder of `{parameter.name}` is longer than its `length`")
        if self.schema.compact:
            if parameter.scaffold is None:
                shown = [self.tokens.filler] if parameter.default is None else self.tokens.text(lead + parameter.default)
        else:
            shown = shown + [self.tokens.filler] * (parameter.length - len(shown))
        return self._piece(module, at, shown, parameter.length, parameter=parameter, argument_space=space)
