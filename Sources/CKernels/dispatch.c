// The choice of CPU, made once, and the public functions, which go through the table that was chosen.
#include "kernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

bool ck_cpu_is_supported(ck_cpu cpu) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  switch (cpu) {
  case ck_cpu_portable:
    return true;
  case ck_cpu_avx2:
    return avx2;
  case ck_cpu_avx512:
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  }
  return false;
#else
  return cpu == ck_cpu_portable;
#endif
}

static const ck_kernels *table(ck_cpu cpu) {
#if defined(__x86_64__)
  if (cpu == ck_cpu_avx512) return &ck_kernels_avx512;
  if (cpu == ck_cpu_avx2) return &ck_kernels_avx2;
#endif
  return &ck_kernels_portable;
}

static const ck_kernels *best(void) {
  const char *wanted = getenv("PMLC_CPU");
  if (wanted) {
    static const char *const names[] = {"portable", "avx2", "avx512"};
    for (int cpu = ck_cpu_portable; cpu <= ck_cpu_avx512; cpu++)
      if (strcmp(wanted, names[cpu]) == 0 && ck_cpu_is_supported((ck_cpu)cpu)) return table((ck_cpu)cpu);
  }
  for (int cpu = ck_cpu_avx512; cpu > ck_cpu_portable; cpu--)
    if (ck_cpu_is_supported((ck_cpu)cpu)) return table((ck_cpu)cpu);
  return &ck_kernels_portable;
}

static _Atomic(const ck_kernels *) chosen;
static _Thread_local const ck_kernels *chosen_here;

static inline const ck_kernels *kernels(void) {
  if (chosen_here) return chosen_here;
  const ck_kernels *k = atomic_load_explicit(&chosen, memory_order_acquire);
  if (k) return k;
  k = best();  // Two threads may both come here; they choose the same.
  atomic_store_explicit(&chosen, k, memory_order_release);
  return k;
}

ck_cpu ck_cpu_in_use(void) { return kernels()->cpu; }

bool ck_cpu_select(ck_cpu cpu) {
  if (!ck_cpu_is_supported(cpu)) return false;
  chosen_here = table(cpu);
  return true;
}

void ck_to_f32(ck_element element, const void *x, size_t count, float *y) { kernels()->to_f32(element, x, count, y); }

void ck_f32_to_f16(const float *x, size_t count, uint16_t *y) { kernels()->f32_to_f16(x, count, y); }

size_t ck_attention_scratch_bytes(size_t tokens, size_t group, size_t head_dimension) {
  // The parts and their order are those of `attention_scratch`; each is rounded up to 16 numbers.
  size_t rows = tokens * group, padded = (head_dimension + 15) / 16 * 16, block = 128;
  size_t numbers = rows * head_dimension + rows * padded + 2 * rows + block * (head_dimension + padded) + 2 * tokens + block;
  return (numbers + 8 * 16) * sizeof(float);
}

void ck_attention(const ck_attention_call *call) { kernels()->attention(call); }

void ck_attention_merge(
  size_t parts, const float *const *outputs, const float *const *log_sum_exps, size_t rows, size_t head_dimension,
  float *output) {
  kernels()->attention_merge(parts, outputs, log_sum_exps, rows, head_dimension, output);
}

void ck_store_keys(
  ck_element element, size_t head_dimension, const float *x, size_t stride, size_t first, size_t count, void *keys) {
  kernels()->store_keys(element, head_dimension, x, stride, first, count, keys);
}

void ck_store_values(
  ck_element element, size_t head_dimension, const float *x, size_t stride, size_t first, size_t count, void *values) {
  kernels()->store_values(element, head_dimension, x, stride, first, count, values);
}

void ck_zero_tail(ck_element element, size_t head_dimension, size_t tokens, void *keys, void *values) {
  size_t used = tokens % ck_tile_tokens;
  if (used == 0) return;
  size_t bytes = element == ck_f32 ? 4 : 2;
  size_t tile = tokens / ck_tile_tokens * ck_tile_tokens * head_dimension * bytes;
  size_t rest = ck_tile_tokens - used;
  for (size_t d = 0; d < head_dimension; d++)
    memset((char *)keys + tile + (d * ck_tile_tokens + used) * bytes, 0, rest * bytes);
  memset((char *)values + tile + used * head_dimension * bytes, 0, rest * head_dimension * bytes);
}

void ck_few_rows(const ck_few_rows_call *call, size_t begin, size_t end) { kernels()->few_rows(call, begin, end); }

size_t ck_packed_count(size_t rows, size_t columns) { return kernels()->packed_count(rows, columns); }

void ck_pack_rows(
  const float *x, size_t stride, size_t rows, size_t columns, size_t begin, size_t end, float *packed) {
  kernels()->pack_rows(x, stride, rows, columns, begin, end, packed);
}

size_t ck_product_scratch_bytes(size_t rows) {
  // A panel of converted weights, and its sums with at most 512 rows; see body/product.h.
  size_t waiting = rows < 512 ? (rows + 15) / 16 * 16 : 512;
  return 63 * (400 + waiting) * sizeof(float);
}

void ck_product(const ck_product_call *call, size_t begin, size_t end) { kernels()->product(call, begin, end); }

void ck_rms_norm(const float *x, const float *weight, float epsilon, size_t rows, size_t count, float *y) {
  kernels()->rms_norm(x, weight, epsilon, rows, count, y);
}

void ck_layer_norm(
  const float *x, const float *weight, const float *bias, float epsilon, size_t rows, size_t count, float *y) {
  kernels()->layer_norm(x, weight, bias, epsilon, rows, count, y);
}

void ck_rotate(
  const float *x, const float *cos, const float *sin, float scale, size_t heads, size_t head_dimension,
  size_t rotary_dimension, float *y) {
  kernels()->rotate(x, cos, sin, scale, heads, head_dimension, rotary_dimension, y);
}

void ck_add(const float *x, size_t count, float *y) { kernels()->add(x, count, y); }

void ck_silu_multiply(const float *gate, const float *up, size_t count, float *y) {
  kernels()->silu_multiply(gate, up, count, y);
}

void ck_gelu_erf(const float *x, size_t count, float *y) { kernels()->gelu_erf(x, count, y); }

void ck_gelu_tanh(const float *x, size_t count, float *y) { kernels()->gelu_tanh(x, count, y); }

void ck_exp(const float *x, size_t count, float *y) { kernels()->exp(x, count, y); }

size_t ck_argmax(const float *x, size_t count) { return kernels()->argmax(x, count); }

float ck_log_sum_exp(const float *x, size_t count) { return kernels()->log_sum_exp(x, count); }

void ck_softmax(const float *x, float scale, size_t count, float *y) { kernels()->softmax(x, scale, count, y); }
