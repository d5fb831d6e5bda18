"""The rules for white space, one function a rule, in the order in which they apply to a run."""

SPACE = " \t\n\r"


def _leading(text):
    return text[: len(text) - len(text.lstrip(SPACE))]


def _trailing(text):
    return text[len(text.rstrip(SPACE)):]


def shared_indentation(text):
    """Rule 1: lines after the first lose the leading white space that the non-blank ones among them share."""
    first, *rest = text.split("\n")
    indents = [_leading(line) for line in rest if line.strip(SPACE)]
    if not indents:
        return text
    shared = indents[0]
    for indent in indents[1:]:
        shared = shared[: _common(shared, indent)]
    return "\n".join([first] + [line[_common(line, shared):] for line in rest])


def _common(a, b):
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return n


def normalized(text, first, before_parameter):
    """-> the run's text, and whether a space moves on to the parameter behind it."""
    if not text.strip(SPACE):  # rule 4
        if "\n" in text or first:
            return "", False
        return ("", True) if before_parameter else (" ", False)
    text = shared_indentation(text)
    leading = _leading(text)
    text = text[len(leading):]
    if leading and not first:  # rule 2
        text = ("\n" if "\n" in leading else " ") + text
    trailing = _trailing(text)
    moved = False
    if trailing:  # rule 3
        text = text[: -len(trailing)]
        if "\n" not in trailing:
            if before_parameter:
                moved = True
            else:
                text += " "
    return text, moved
