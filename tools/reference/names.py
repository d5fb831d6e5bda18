"""Names: XML NCNames, less what the language keeps for itself."""
import re

_START = ("A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
          "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff")
_NCNAME = re.compile(f"[{_START}][{_START}\\-.0-9\u00b7\u0300-\u036f\u203f-\u2040]*\\Z")

ELEMENTS = {"schema", "module", "union", "parameter", "param", "system", "user", "assistant", "scaffold", "prompt"}
ROLES = ("system", "user", "assistant")


def is_name(text):
    return bool(_NCNAME.match(text))


def is_module_name(text):
    return is_name(text) and text not in ELEMENTS and not text.startswith("xml")


def is_parameter_name(text):
    return is_name(text) and not text.startswith("xml")
