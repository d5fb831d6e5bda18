"""llama.cpp as a peer: python llama.py MODEL.gguf THREADS STATE_FOLDER."""

import ctypes
import pathlib
import sys

import llama_cpp
import numpy as np

from worker import Clock, serve, tokens


@llama_cpp.llama_log_callback
def quiet(level, text, user_data):
    pass


class Llama:
    def __init__(self, path, threads, states):
        llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        self.model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
        self.path, self.threads = pathlib.Path(path), threads
        self.states = pathlib.Path(states)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))
        self.context, self.length = None, 0

    def empty(self, length):
        """A context with room for `length` tokens, and nothing in it."""
        if self.context and self.length >= length:
            llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
            return
        if self.context:
            llama_cpp.llama_free(self.context)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch = length, length
        params.n_threads = params.n_threads_batch = self.threads
        self.context, self.length = llama_cpp.llama_init_from_model(self.model, params), length

    def compute(self, new):
        """Computes `new` tokens behind what the context holds; the token that comes first."""
        array = (llama_cpp.llama_token * len(new))(*new)
        if llama_cpp.llama_decode(self.context, llama_cpp.llama_batch_get_one(array, len(new))) != 0:
            raise RuntimeError("llama_decode failed")
        logits = llama_cpp.llama_get_logits_ith(self.context, -1)
        return int(np.argmax(np.ctypeslib.as_array(logits, shape=(self.vocabulary,))))


class Peer(Llama):
    def prefill(self, new):
        self.empty(new + 64)
        new = tokens(new, self.vocabulary)
        with Clock() as clock:
            first = self.compute(new)
        return clock, {"tokens": len(new), "first": first}

    def state_file(self, cached):
        """The file of the states of `cached` tokens; the weights' format plays no part in it."""
        path = self.states / f"{self.path.stem.rsplit('-', 1)[0]}-{cached}.state"
        if not path.exists():
            self.empty(cached + 64)
            new = tokens(cached, self.vocabulary)
            self.compute(new)
            array = (llama_cpp.llama_token * cached)(*new)
            llama_cpp.llama_state_save_file(self.context, str(path).encode(), array, cached)
        return str(path).encode()

    def cached(self, cached, new):
        path = self.state_file(cached)
        self.empty(cached + new + 64)
        new = tokens(new, self.vocabulary)
        array, count = (llama_cpp.llama_token * cached)(), ctypes.c_size_t(0)
        with Clock() as clock:
            if not llama_cpp.llama_state_load_file(self.context, path, array, cached, ctypes.byref(count)):
                raise RuntimeError("the state was not restored")
            first = self.compute(new)
        return clock, {"tokens": len(new), "first": first}

    def decode(self, cached, count):
        self.empty(cached + count + 64)
        self.compute(tokens(max(cached, 1), self.vocabulary))
        next_token = self.compute([3])
        with Clock() as clock:
            for _ in range(count):
                next_token = self.compute([next_token])
        return clock, {"tokens": count}


if __name__ == "__main__":
    serve(Peer(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
