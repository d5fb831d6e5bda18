"""A set of documents as a schema in PML, and a question as a prompt of it."""
from xml.sax.saxutils import escape, quoteattr


def schema(documents, attention="context", positions="compact", gap=0, scaffold=False, filler="filler"):
    """gap: words of a module behind each document that no prompt imports: with fixed positions, empty ones."""
    modules = []
    for index, document in enumerate(documents):
        modules.append(f'<module name="d{index}">{escape(document.text)}&#10;</module>')
        if gap:
            modules.append(f'<module name="g{index}">{" ".join([filler] * gap)}</module>')
    together = f'<scaffold modules="{" ".join(f"d{i}" for i in range(len(documents)))}"/>' if scaffold else ""
    return (f'<schema name="documents" attention={quoteattr(attention)} positions={quoteattr(positions)}>'
            f'<system>Answer from these documents.&#10;{"".join(modules)}</system>{together}</schema>')


def prompt(documents, question, imported=None):
    """imported: which documents, by number; all if None"""
    references = "".join(f"<d{i}/>" for i in (range(len(documents)) if imported is None else imported))
    return f'<prompt schema="documents">{references}<user>{escape(question)}</user></prompt>'


def plain_schema(documents, attention="context", scaffold=False):
    """The same for models without a chat template."""
    modules = "".join(f'<module name="d{i}">{escape(d.text)}&#10;</module>' for i, d in enumerate(documents))
    together = f'<scaffold modules="{" ".join(f"d{i}" for i in range(len(documents)))}"/>' if scaffold else ""
    return f'<schema name="documents" attention={quoteattr(attention)}>{modules}{together}</schema>'


def plain_prompt(documents, question):
    references = "".join(f"<d{i}/>" for i in range(len(documents)))
    return f'<prompt schema="documents">{references}&#10;Question: {escape(question)}&#10;Answer:</prompt>'
