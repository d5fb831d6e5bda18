"""The models that are measured: two shapes with random weights, and one that is real; and what their weights take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    name: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    intermediate: int
    tied: bool
    vocabulary: int = 32_000
    head: int = 64
    context: int = 32_768
    rotary_base: float = 10_000.0
    # What `scripts/get-model` calls the model whose weights these are; they are random without it.
    published: str = ""

    @property
    def layer_matrices(self):
        """Name, outputs and inputs of each matrix of a layer."""
        kv = self.kv_heads * self.head
        return [
            ("self_attn.q_proj", self.heads * self.head, self.hidden),
            ("self_attn.k_proj", kv, self.hidden),
            ("self_attn.v_proj", kv, self.hidden),
            ("self_attn.o_proj", self.hidden, self.heads * self.head),
            ("mlp.gate_proj", self.intermediate, self.hidden),
            ("mlp.up_proj", self.intermediate, self.hidden),
            ("mlp.down_proj", self.hidden, self.intermediate),
        ]

    @property
    def multiplied(self):
        """Weights that one token is multiplied with."""
        layer = sum(outputs * inputs for _, outputs, inputs in self.layer_matrices)
        return self.layers * layer + self.vocabulary * self.hidden

    def operations(self, tokens):
        """Multiplications and additions of a prefill: all products, attention to what came before, one token's logits."""
        last = self.vocabulary * self.hidden
        pairs = tokens * (tokens + 1) // 2
        return 2 * (tokens * (self.multiplied - last) + last) + 4 * pairs * self.layers * self.heads * self.head

    def config(self):
        """`config.json`."""
        return {
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": "bfloat16", "hidden_act": "silu",
            "hidden_size": self.hidden, "intermediate_size": self.intermediate, "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads, "num_key_value_heads": self.kv_heads, "head_dim": self.head,
            "vocab_size": self.vocabulary, "max_position_embeddings": self.context, "rms_norm_eps": 1e-5,
            "rope_theta": self.rotary_base, "tie_word_embeddings": self.tied, "bos_token_id": 1, "eos_token_id": 2,
        }


SHAPES = {
    "135M": Shape("135M", 576, 30, 9, 3, 1536, tied=True),
    "1.1B": Shape("1.1B", 2048, 22, 32, 4, 5632, tied=False),
    "SmolLM2": Shape(
        "SmolLM2", 576, 30, 9, 3, 1536, tied=True, vocabulary=49_152, context=8192, rotary_base=100_000.0,
        published="smollm2"),
}
