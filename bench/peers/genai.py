"""OpenVINO GenAI with its prefix cache as a peer: python genai.py FOLDER THREADS.

The numbers are those of its own clock for the first token and those after it; `seconds` of a first token is the whole call."""

import json
import pathlib
import sys

import numpy as np
import openvino
import openvino_genai

from worker import Clock, serve, tokens


class Peer:
    def __init__(self, folder, threads):
        self.vocabulary = json.loads((pathlib.Path(folder) / "config.json").read_text())["vocab_size"]
        self.asked = 0
        scheduler = openvino_genai.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.cache_size = 2
        # A prompt in one pass, as with the others.
        scheduler.max_num_batched_tokens = 32_768
        self.pipeline = openvino_genai.LLMPipeline(
            folder, "CPU", scheduler_config=scheduler, INFERENCE_NUM_THREADS=threads)

    def generate(self, prompt, count):
        """`count` tokens behind `prompt`: how long the call took, and each token when it came."""
        config = openvino_genai.GenerationConfig()
        config.max_new_tokens, config.ignore_eos, config.do_sample = count, True, False
        ids = np.array([prompt], dtype=np.int64)
        inputs = openvino_genai.TokenizedInputs(openvino.Tensor(ids), openvino.Tensor(np.ones_like(ids)))
        with Clock() as clock:
            result = self.pipeline.generate(inputs, config)
        return clock, result

    def fresh(self, count):
        """Tokens that no prompt has begun with before, so that nothing of them is cached."""
        self.asked += 1
        return [3 + (token + self.asked * 104_729) % (self.vocabulary - 3) for token in tokens(count, self.vocabulary)]

    def prefill(self, new):
        clock, result = self.generate(self.fresh(new), 1)
        return clock, {"tokens": new, "first": int(result.tokens[0][0])}

    def cached(self, cached, new):
        # Found in the cache from the second call on: the first is not counted.
        clock, result = self.generate(tokens(cached, self.vocabulary) + self.fresh(new), 1)
        return clock, {"tokens": new, "first": int(result.tokens[0][0])}

    def decode(self, cached, count):
        clock, result = self.generate(tokens(max(cached, 1), self.vocabulary), count + 1)
        # Without what came before the first token: its own clock's milliseconds.
        times = result.perf_metrics.raw_metrics.m_new_token_times
        clock.seconds = (times[-1] - times[0]) * 1e-3
        return clock, {"tokens": count}


if __name__ == "__main__":
    serve(Peer(sys.argv[1], int(sys.argv[2])))
