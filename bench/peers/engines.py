"""How each engine is started, and what it reads."""

import pathlib
import sys

import models
from groups import LLAMA, OPENVINO, TORCH

HERE = pathlib.Path(__file__).parent
PROGRAM = HERE.parent / ".build/release/engine-bench"


def weights(name, shape, folder):
    """The file or folder of the weights that an engine reads, made unless it is there."""
    if name in ("stored", "q8", TORCH):
        return models.folder(shape, folder)
    if name.startswith(OPENVINO):
        return models.openvino_folder(shape, folder, name.removeprefix(OPENVINO))
    return models.gguf_file(shape, folder, name.removeprefix(LLAMA))


def weight_bytes(name, shape, path):
    """Bytes of the weights that a token is multiplied with."""
    if name == "q8":
        return shape.multiplied * (1 + 4 / 64)
    if name == "stored":
        return shape.multiplied * 2
    if name == TORCH:
        return shape.multiplied * 4
    if name.startswith(OPENVINO):
        return models.openvino_bytes(shape, path, name.removeprefix(OPENVINO))
    return models.gguf_bytes(path)


def command(name, path, threads, models_folder, scratch):
    """The command that starts an engine's worker."""
    if name.startswith(OPENVINO):
        return [models.openvino_python(), HERE / "genai.py", path, threads]
    if name.startswith(LLAMA):
        return [sys.executable, HERE / "llama.py", path, threads, models_folder]
    if name == TORCH:
        return [sys.executable, HERE / "torch_f32.py", path, threads]
    form = "q8" if name == "q8" else "stored"
    return [PROGRAM, path, "--weights", form, "--threads", threads, "--scratch", scratch]
