#!/usr/bin/env python3
"""Does the reference itself agree with what the cases say?"""
import sys
import tempfile
import pathlib

import cases
from problem import Problem
from reference import Compiler


def main():
    wrong = 0
    for case in cases.load():
        with tempfile.TemporaryDirectory() as folder:
            case.write(folder)
            options = dict(zip(case.options[::2], case.options[1::2]))
            template = options.get("--chat-template")
            if template and "." in template:
                template = str(pathlib.Path(folder) / template)
            compiler = Compiler(template=template)
            problem = None
            try:
                plan = compiler.schema(pathlib.Path(folder) / "schema.pml")
                if case.prompt is not None:
                    compiler.prompt(pathlib.Path(folder) / "prompt.pml", plan)
            except Problem as found:
                problem = found
            if (problem is None) != (case.error is None) or problem and problem.kind not in case.error:
                print(f"{case.name}: wanted {case.error}, got {problem and problem.kind}: {problem}")
                wrong += 1
    for edit in cases.identity()["edit"]:
        with tempfile.TemporaryDirectory() as folder:
            keys = []
            for text in (edit["before"], edit["after"]):
                path = pathlib.Path(folder) / "s.pml"
                path.write_text(text)
                keys.append(set(Compiler().schema(path).encodings()))
            if len(keys[1] - keys[0]) != edit["computed"]:
                print(f"edit: wanted {edit['computed']}, got {len(keys[1] - keys[0])}: {edit['spec']}\n{edit['after']}")
                wrong += 1
    print(f"{len(cases.load())} cases, {wrong} wrong")
    sys.exit(wrong > 0)


main()
