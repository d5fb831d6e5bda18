"""Makes Tests/GGUFTests/Fixtures: a file with every kind of value and every supported type of numbers, as the `gguf`
package writes it, and what that package reads back from it.

    $(scripts/python tools) tools/gguf/make_fixtures.py
"""

import json
import pathlib

import gguf
import numpy as np

FIXTURES = pathlib.Path(__file__).parents[2] / "Tests/GGUFTests/Fixtures"
TYPES = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "IQ4_NL", "Q4_K", "Q5_K", "Q6_K"]
ROWS, COLUMNS = 3, 512


def half(value: float) -> list[int]:
    return list(np.float16(value).tobytes())


def blocks(kind: gguf.GGMLQuantizationType, random: np.random.Generator) -> np.ndarray:
    """Random blocks, with scales that are numbers: any byte is a block's otherwise."""
    numbers, size = gguf.GGML_QUANT_SIZES[kind]
    count = ROWS * COLUMNS // numbers
    data = random.integers(0, 256, (count, size), dtype=np.uint8)
    for block in data:
        scale, minimum = half(random.uniform(-0.02, 0.02)), half(random.uniform(-0.2, 0.2))
        if kind.name == "Q6_K":
            block[-2:] = scale
        else:
            block[:2] = scale
        if kind.name in ("Q4_1", "Q5_1", "Q4_K", "Q5_K"):
            block[2:4] = minimum
    return data.reshape(ROWS, COLUMNS // numbers * size)


def main() -> None:
    FIXTURES.mkdir(parents=True, exist_ok=True)
    path = FIXTURES / "every-type.gguf"
    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_uint8("value.uint8", 200)
    writer.add_int8("value.int8", -100)
    writer.add_uint16("value.uint16", 60_000)
    writer.add_int16("value.int16", -30_000)
    writer.add_uint32("value.uint32", 4_000_000_000)
    writer.add_int32("value.int32", -2_000_000_000)
    writer.add_uint64("value.uint64", 2**63 + 1)
    writer.add_int64("value.int64", -(2**62))
    writer.add_float32("value.float32", 0.1)
    writer.add_float64("value.float64", 0.1)
    writer.add_bool("value.bool", True)
    writer.add_string("value.text", "Grüße, 世界")
    writer.add_array("value.integers", [1, -2, 3])
    writer.add_array("value.numbers", [0.5, -1.5])
    writer.add_array("value.bools", [True, False])
    writer.add_array("value.texts", ["", "a", "é"])
    expected = {}
    for name in TYPES:
        kind = gguf.GGMLQuantizationType[name]
        if name in ("F32", "F16"):
            data = random.standard_normal((ROWS, COLUMNS)).astype(name.lower().replace("f", "float"))
            values = data.astype(np.float32)
        elif name == "BF16":
            bits = random.integers(0x3C00, 0x4000, (ROWS, COLUMNS)).astype(np.uint16)
            data, values = bits.view(np.uint8).reshape(ROWS, -1), (bits.astype(np.uint32) << 16).view(np.float32)
        else:
            data = blocks(kind, random)
            values = gguf.quants.dequantize(data, kind)
        writer.add_tensor(f"tensor.{name}", data, raw_dtype=kind)
        expected[name] = [np.float32(x).view(np.uint32).item() for x in values.reshape(-1)[:: 7]]
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    (FIXTURES / "every-type.json").write_text(
        json.dumps({"rows": ROWS, "columns": COLUMNS, "step": 7, "bits": expected}, separators=(",", ":")) + "\n"
    )


main()
