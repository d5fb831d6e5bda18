#pragma once
#include <stddef.h>
#include <stdint.h>

/// Changes `size` bytes at `data` at random, up to `max_size`, and returns how many there are then. libFuzzer has it.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
