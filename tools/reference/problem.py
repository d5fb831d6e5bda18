"""What a document can be wrong in; the kinds are the hundreds of the diagnostics' codes."""

XML, GRAMMAR, SCHEMA, PROMPT, LAYOUT = "xml", "grammar", "schema", "prompt", "layout"


class Problem(Exception):
    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind
