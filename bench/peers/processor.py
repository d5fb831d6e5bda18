"""The name of the processor, for tables."""

import pathlib

NAMED = {"avx2": "AVX2", "avx_vnni": "AVX-VNNI", "avx512f": "AVX-512", "avx512_vnni": "VNNI", "avx512_bf16": "bf16", "amx_int8": "AMX"}


def processor():
    """What the system calls it, with family, model and instructions: many virtual ones are called just `AMD EPYC`."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    facts = {key.strip(): value.strip() for key, _, value in reversed([line.partition(":") for line in lines])}
    flags = facts.get("flags", "").split()
    known = ", ".join(name for flag, name in NAMED.items() if flag in flags)
    family, model = facts.get("cpu family", "?"), facts.get("model", "?")
    return f"{facts.get('model name', 'unknown')} (family {family}, model {model}; {known})"
