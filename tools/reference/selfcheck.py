#!/usr/bin/env python3
"""Does the reference agree with what the cases say, and with what the definition promises of joint encodings and repair?"""
import pathlib
import sys
import tempfile

import cases
import inference
import joint
from goldens import Models
from problem import Problem
from repair import Repair


def documents(known):
    """Right ones are taken, wrong ones are refused. -> how many are not"""
    wrong = 0
    for case in cases.load():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            case.write(folder)
            compiler = known.compiler(case, folder)
            problem = None
            try:
                plan = compiler.schema(folder / "schema.pml")
                if case.prompt is not None:
                    compiler.prompt(folder / "prompt.pml", plan)
            except Problem as found:
                problem = found
            if (problem is None) != (case.error is None) or problem and problem.kind not in case.error:
                print(f"{case.name}: wanted {case.error}, got {problem and problem.kind}: {problem}")
                wrong += 1
    return wrong


def edits(known):
    """An edit costs as many encodings as the case says. -> how many do not"""
    wrong = 0
    for edit in cases.identity()["edit"]:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            keys = []
            for text in (edit["before"], edit["after"]):
                (folder / "s.pml").write_text(text)
                keys.append(set(known.compiler(cases.Case(""), folder).schema(folder / "s.pml").encodings()))
            if len(keys[1] - keys[0]) != edit["computed"]:
                print(f"edit: wanted {edit['computed']}, got {len(keys[1] - keys[0])}: {edit['spec']}\n{edit['after']}")
                wrong += 1
    return wrong


def equal_to_baseline(known):
    """A prompt whose whole chain is joint, and one that is repaired as a whole, equal the baseline. -> how many do not"""
    wrong = 0
    for case in cases.sequences("joint") + cases.sequences("repair"):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            case.write(folder)
            compiler = known.compiler(case, folder)
            plan = compiler.schema(folder / "schema.pml")
            states = inference.States(known.network(case))
            for name in case.prompts:
                prompt = compiler.prompt(folder / f"{name}.pml", plan)
                baseline = inference.uncached(states.model, prompt, in_place=not plan.compact).logits
                made = inference.Prefill(prompt, joint.encodings(prompt, "make", joint.JointStore(plan)))
                whole = len(prompt.chain()) == sum(not part.is_last for part in prompt.parts)
                repaired = inference.Prefill(prompt, prompt.plain())
                Repair(repaired, 1).apply()
                for what, prefill in ([("joint", made)] if whole else []) + [("repaired", repaired)]:
                    logits = prefill.sequence(states).logits
                    apart = (logits.log_softmax(-1) - baseline.log_softmax(-1)).abs().max()
                    if apart > 1e-4:
                        print(f"{case.name}, prompt {name}: {what}, {float(apart):.2g} from the baseline")
                        wrong += 1
    return wrong


def main():
    known = Models()
    wrong = documents(known) + edits(known) + equal_to_baseline(known)
    print(f"{len(cases.load())} cases, {wrong} wrong")
    sys.exit(wrong > 0)


main()
