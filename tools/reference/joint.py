"""Joint encodings: a prompt's own, each of which sees all in front of it as it stands in the prompt."""


class JointStore:
    """What a store holds beside a version: keys of joint encodings."""

    def __init__(self, plan):
        self.plain = set(plan.encodings())
        self.extra = set()

    def make(self, prompt):
        """-> how many were missing"""
        wanted = {encoding.key for encoding in prompt.chain()}
        missing = wanted - self.plain - self.extra
        self.extra |= missing
        return len(missing)

    def used(self, prompt):
        """-> of each part the joint encoding, from the front for as long as they are there, then the plain one, or None"""
        encodings = prompt.plain()
        for i, encoding in enumerate(prompt.chain()):
            if encoding.key not in self.plain and encoding.key not in self.extra:
                break
            encodings[i] = encoding
        return encodings


def encodings(prompt, mode, store):
    """mode: "make", "use", "off" -> of each part the encoding that it is taken from, or None"""
    if mode == "off":
        return prompt.plain()
    if mode == "make":
        store.make(prompt)
    return store.used(prompt)
