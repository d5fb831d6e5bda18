"""What each segment sees while it is encoded.

`plan.context(piece, scaffold)` lists what stands in the context of a segment or a placeholder, as pairs of a piece and
the scaffold (or None) whose encoding of it is seen, with BOS made up for an isolated module as the piece `BEGIN`."""
import hashlib

BEGIN = "begin"


class EncodingPlan:
    def __init__(self, layout):
        self.layout = layout
        self.has_bos = layout.tokens.bos is not None
        self.members = {}
        self._keys = {}
        for union, holder, behind in layout.union_spans:
            for member in union.members:
                if union.scaffold == member.path[-1]:
                    self.members[id(union)] = member

    def variant(self, piece, scaffold):
        """A scaffold has encodings of the modules that it lists, of others the plain one is meant."""
        return scaffold if scaffold is not None and piece.module.path in scaffold else None

    def context(self, piece, scaffold=None):
        scaffold = self.variant(piece, scaffold)
        seen = {}
        module = piece.module
        if piece.is_bos:
            return []
        if module.isolated:
            self._add(seen, module, piece, None)
        else:
            around = module
            while around is not None:
                self._add(seen, around, piece, None)
                for union, holder, behind in self.layout.union_spans:
                    member = self.members.get(id(union))
                    if holder is around and member is not None and behind <= piece.order:
                        self._add(seen, member, piece, None)
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
        result = sorted(seen.items(), key=lambda pair: pair[0].order)
        if module.isolated and scaffold is None and self.has_bos and module.path:
            result.insert(0, (BEGIN, None))
        return result

    def _add(self, seen, module, piece, variant):
        if not module.cache:
            return
        for other in self.layout.pieces:
            if other.module is module and other.order < piece.order:
                seen[other] = variant

    def is_relative(self, piece, scaffold):
        """An isolated encoding does not depend on where its module lies."""
        return piece.module.isolated and self.variant(piece, scaffold) is None and piece.module.path != ()

    def key(self, piece, scaffold=None):
        """Equal keys mean equal states."""
        scaffold = self.variant(piece, scaffold)
        known = self._keys.get((piece, scaffold))
        if known:
            return known
        origin = self.layout.starts[piece.module.path] if self.is_relative(piece, scaffold) else 0
        context = []
        for other, variant in self.context(piece, scaffold):
            if other is BEGIN:
                context.append((-1, BEGIN))
            else:
                context.append((other.start - origin, self.key(other, variant)))
        # A placeholder is not kept, so it is no encoding to share, whatever text spells the same.
        text = repr((piece.parameter is not None, piece.tokens, piece.start - origin, sorted(context)))
        known = hashlib.sha256(text.encode()).hexdigest()
        self._keys[piece, scaffold] = known
        return known

    def encodings(self):
        """-> {key: (piece, scaffold)} of all that warming has to have"""
        found = {}
        for piece in self.layout.pieces:
            if piece.parameter is not None or not piece.module.cache:
                continue
            found.setdefault(self.key(piece), (piece, None))
            for scaffold in self.layout.schema.scaffolds:
                if piece.module.path in scaffold:
                    found.setdefault(self.key(piece, scaffold), (piece, scaffold))
        return found

    def segments_in_contexts(self):
        """-> how many encodings there are when each is one segment in one context, equal ones not taken together"""
        found = set()
        for piece in self.layout.pieces:
            if piece.parameter is None and piece.module.cache:
                found.add((piece, self.key(piece)))
                found.update((piece, self.key(piece, s)) for s in self.layout.schema.scaffolds if piece.module.path in s)
        return len(found)

    def covering(self, imported):
        """-> {path: scaffold} of the scaffolds that a prompt with these modules takes"""
        fitting = [s for s in self.layout.schema.scaffolds if all(path in imported for path in s)]
        taken = {}
        for scaffold in sorted(fitting, key=lambda s: -len(s)):  # stable: then the one declared first
            if not any(path in taken for path in scaffold):
                taken.update({path: scaffold for path in scaffold})
        return taken
