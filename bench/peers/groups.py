"""Who is measured beside whom: the engine on one model in several forms, and its peers on the same weights."""

import dataclasses

LLAMA, OPENVINO, TORCH = "llama.cpp ", "OpenVINO ", "torch f32"


@dataclasses.dataclass(frozen=True)
class Group:
    """Engines that are measured in turns, and compared: their weights take about as many bytes."""

    name: str
    ours: tuple[str, ...]
    peers: tuple[str, ...]

    @property
    def everybody(self):
        return (*self.ours, *self.peers)


def llama(*forms):
    return tuple(LLAMA + form for form in forms)


SIXTEEN = Group("16 bits", ("stored", "f16"), (*llama("f16"), OPENVINO + "f16", TORCH))
EIGHT = Group("8 bits", ("q8", "q8_0"), (*llama("q8_0"), OPENVINO + "int8"))
FOUR = Group("4 bits", ("q4_0", "q4_k_m"), (*llama("q4_0", "q4_k_m"), OPENVINO + "int4"))
BETWEEN = Group("5 and 6 bits", ("q5_k_s", "q6_k"), llama("q5_k_s", "q6_k"))
RANDOM = (SIXTEEN, EIGHT, FOUR, BETWEEN)

# The published file has one form. The peer without GGUF has it opened, and makes forms of its own of that.
PUBLISHED = (
    dataclasses.replace(SIXTEEN, ours=("stored",), peers=(OPENVINO + "f16",)),
    dataclasses.replace(EIGHT, ours=("q8",), peers=(OPENVINO + "int8",)),
    dataclasses.replace(FOUR, ours=("q4_1",), peers=(*llama("q4_1"), OPENVINO + "int4")),
)


def groups(shape):
    return PUBLISHED if shape.published else RANDOM


def same_file(form):
    """The peer that reads the same file as ours."""
    return LLAMA + form
