"""What each segment sees while it is encoded, and where.

An `Encoding` is one segment (or placeholder) in one context. Its places are those of a frame of its own: the schema's
layout (`fixed`), a module's start (`fixed`, isolated), the context's start (`compact`, where a context stands side by
side), or a prompt's positions (joint). States hold wherever the frame as a whole is moved to."""
import hashlib
from functools import cached_property

from problem import LAYOUT, Problem


class Encoding:
    def __init__(self, tokens, start, context):
        """context: [(start, Encoding)] of what is seen, in the same frame"""
        self.tokens, self.start, self.context = tokens, start, context

    @cached_property
    def key(self):
        """Equal keys mean one entry in a store. What saw a placeholder and what saw text of the same tokens are one."""
        seen = sorted((start, other.key) for start, other in self.context)
        return _digest(self.tokens, self.start, seen)

    @cached_property
    def sight(self):
        """Equal sights mean equal states, but for the place of the whole: the same tokens, each at the same distance and
        with the same sight."""
        return _digest(self.tokens, sorted((start - self.start, other.sight) for start, other in self.context if other.tokens))


def _digest(*content):
    return hashlib.sha256(repr(content).encode()).hexdigest()


class EncodingPlan:
    def __init__(self, layout):
        self.layout = layout
        self.compact = layout.schema.compact
        self.has_bos = layout.tokens.bos is not None
        self.members = {}
        self._encodings = {}
        for union, holder, behind in layout.union_spans:
            for member in union.members:
                if union.scaffold == member.path[-1]:
                    self.members[id(union)] = member
        if self.compact:
            self._fits()

    def _fits(self):
        """A layout may have any length, but not a segment with its context."""
        for encoding in self.encodings().values():
            first = min((start for start, _ in encoding.context), default=encoding.start)
            end = encoding.start + len(encoding.tokens) - first
            if end > self.layout.limit:
                raise Problem(LAYOUT, f"a segment ends at {end} behind its context, the model has {self.layout.limit}")

    def variant(self, piece, scaffold):
        """A scaffold has encodings of the modules that it lists, of others the plain one is meant."""
        return scaffold if scaffold is not None and piece.module.path in scaffold else None

    def encoding(self, piece, scaffold=None):
        scaffold = self.variant(piece, scaffold)
        known = self._encodings.get((piece, scaffold))
        if known is None:
            known = self._side_by_side(piece, scaffold) if self.compact else self._in_place(piece, scaffold)
            self._encodings[piece, scaffold] = known
        return known

    def _side_by_side(self, piece, scaffold):
        context, at = self._rest(piece, scaffold), 0
        for other, variant in self._seen(piece, scaffold):
            context.append((at, self.encoding(other, variant)))
            at += len(other.tokens)
        return Encoding(piece.tokens, at, context)

    def _in_place(self, piece, scaffold):
        origin = self.layout.starts[piece.module.path] if self._is_relative(piece, scaffold) else 0
        context = [(other.start - origin, self.encoding(other, variant)) for other, variant in self._seen(piece, scaffold)]
        context += self._rest(piece, scaffold)
        return Encoding(piece.tokens, piece.start - origin, context)

    def _is_relative(self, piece, scaffold):
        """An isolated encoding does not depend on where its module lies."""
        return piece.module.isolated and scaffold is None and piece.module.path != ()

    def _rest(self, piece, scaffold):
        """-> the token that stands in front of its module, which begins at 0, for this encoding's sake"""
        token = self.layout.tokens.rest
        if token is None or not self._is_relative(piece, scaffold):
            return []
        return [(-1, Encoding([token], -1, []))]

    def _seen(self, piece, scaffold):
        """-> [(piece, scaffold or None)] in layout order: the context, and in which encoding each of it is seen"""
        seen = {}
        module = piece.module
        if piece.is_bos:
            return []
        if module.isolated:
            self._add(seen, module, piece)
        else:
            around = module
            while around is not None:
                self._add(seen, around, piece)
                for union, holder, behind in self.layout.union_spans:
                    member = self.members.get(id(union))
                    if holder is around and member is not None and behind <= piece.order:
                        self._add(seen, member, piece)
                around = around.parent
        if scaffold is not None:
            for path in scaffold:
                for other in self.layout.pieces:
                    if other.module.path == path and other.order < piece.order:
                        seen[other] = scaffold
            for other in seen:
                seen[other] = self.variant(other, scaffold)
            if self.has_bos:
                seen[self.layout.pieces[0]] = None
        return sorted(seen.items(), key=lambda pair: pair[0].order)

    def _add(self, seen, module, piece):
        if not module.cache:
            return
        for other in self.layout.pieces:
            if other.module is module and other.order < piece.order:
                seen[other] = None

    def _kept(self):
        """-> each segment in each of its contexts"""
        for piece in self.layout.pieces:
            if piece.parameter is None and piece.module.cache:
                yield piece, self.encoding(piece)
                for scaffold in self.layout.schema.scaffolds:
                    if piece.module.path in scaffold:
                        yield piece, self.encoding(piece, scaffold)

    def encodings(self):
        """-> {key: Encoding} of all that warming has to have"""
        return {encoding.key: encoding for _, encoding in self._kept()}

    def segments_in_contexts(self):
        """-> how many encodings there are when each is one segment in one context, equal ones not taken together"""
        return len({(piece, encoding.key) for piece, encoding in self._kept()})

    def covering(self, imported):
        """-> {path: scaffold} of the scaffolds that a prompt with these modules takes"""
        fitting = [s for s in self.layout.schema.scaffolds if all(path in imported for path in s)]
        taken = {}
        for scaffold in sorted(fitting, key=lambda s: -len(s)):  # stable: then the one declared first
            if not any(path in taken for path in scaffold):
                taken.update({path: scaffold for path in scaffold})
        return taken
