"""Reads SARIF logs by two libraries that know the format, and prints how many results each log has.

    python tools/sarif/validate.py FILE…

Exits with 1 at a log with a missing or mistyped property, one that SARIF 2.1.0 does not have, or items that stand twice
in a list that its schema wants unique.
"""

import json
import sys

from pydantic import BaseModel, ValidationError
from sarif import loader
from sarif_pydantic.sarif import Invocation, Notification, Run, Sarif

COLUMN_KINDS = {"utf16CodeUnits", "unicodeCodePoints"}
# What the schema marks with `uniqueItems`, of the lists that pmlc writes.
UNIQUE = {"rules", "relatedLocations", "toolExecutionNotifications", "invocations"}


def is_known(model, name, value):
    """Whether it is one of the properties that the format has and the library lacks, with a right value."""
    if name == "$schema":
        return True
    if isinstance(model, Run) and name == "columnKind":
        return value in COLUMN_KINDS
    if isinstance(model, Invocation) and name == "toolExecutionNotifications":
        return not any(unknown(Notification.model_validate(item), name) for item in value)
    return False


def unknown(model, place="log"):
    """Paths of properties that the format does not have: the library keeps them aside."""
    found = [f"{place}.{name}" for name, value in (model.model_extra or {}).items() if not is_known(model, name, value)]
    for name in type(model).model_fields:
        value = getattr(model, name)
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, BaseModel):
                found += unknown(item, f"{place}.{name}[{index}]")
    return found


def repeated(value, place="log"):
    """Paths of lists with items that are alike."""
    found = []
    if isinstance(value, dict):
        for name, member in value.items():
            if name in UNIQUE and len({json.dumps(item, sort_keys=True) for item in member}) < len(member):
                found.append(f"{place}.{name}")
            found += repeated(member, f"{place}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += repeated(item, f"{place}[{index}]")
    return found


def problems(path):
    with open(path, encoding="utf-8") as file:
        value = json.load(file)
    try:
        log = Sarif.model_validate(value, strict=False)
    except ValidationError as error:
        return [str(error)]
    wrong = [f"{place} is no property of SARIF 2.1.0" for place in unknown(log)]
    wrong += [f"{place} has an item twice" for place in repeated(value)]
    if value.get("version") != "2.1.0":
        wrong.append(f"version is {value.get('version')}")
    return wrong


def main(paths):
    status = 0
    for path in paths:
        wrong = problems(path)
        for problem in wrong:
            print(f"{path}: {problem}", file=sys.stderr)
        if wrong:
            status = 1
        else:
            records = loader.load_sarif_file(path).get_records()
            print(f"{path}: {len(records)} results")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
