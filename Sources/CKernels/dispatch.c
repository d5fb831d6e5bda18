// The choice of CPU, made once, and the public functions, which go through the table that was chosen.
#include "kernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

bool ck_cpu_is_supported(ck_cpu cpu) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  switch (cpu) {
  case ck_cpu_portable: return true;
  case ck_cpu_avx2: return avx2;
  case ck_cpu_avx2vnni: return avx2 && __builtin_cpu_supports("avxvnni");
  case ck_cpu_avx512: return avx512;
  case ck_cpu_avx512vnni: return avx512 && __builtin_cpu_supports("avx512vnni");
  }
  return false;
#else
  return cpu == ck_cpu_portable;
#endif
}

static const struct {
  const char *name;
  const ck_kernels *kernels;
} kinds[] = {
  [ck_cpu_portable] = {"portable", &ck_kernels_portable},
#if defined(__x86_64__)
  [ck_cpu_avx2] = {"avx2", &ck_kernels_avx2},
  [ck_cpu_avx2vnni] = {"avx2vnni", &ck_kernels_avx2vnni},
  [ck_cpu_avx512] = {"avx512", &ck_kernels_avx512},
  [ck_cpu_avx512vnni] = {"avx512vnni", &ck_kernels_avx512vnni},
#endif
};
enum { kind_count = sizeof kinds / sizeof *kinds };

ck_memory ck_memory_here;

static const ck_kernels *best(void) {
#if defined(__x86_64__)
  // AMD's CPUs with AVX-512 follow streams at their memory's full speed, and better than they are told to. Intel's gain half
  // as much again from being told, AMD's older ones a tenth (four bits) to a quarter (eight).
  __builtin_cpu_init();
  ck_memory_here.follows_streams = __builtin_cpu_is("amd") && __builtin_cpu_supports("avx512f");
  ck_memory_here.bytes_ahead = ck_memory_here.follows_streams ? 0 : 4096;
#endif
  const char *wanted = getenv("PMLC_CPU");
  for (int cpu = 0; wanted && cpu < kind_count; cpu++)
    if (strcmp(wanted, kinds[cpu].name) == 0 && ck_cpu_is_supported((ck_cpu)cpu)) return kinds[cpu].kernels;
  for (int cpu = kind_count - 1; cpu > 0; cpu--)
    if (ck_cpu_is_supported((ck_cpu)cpu)) return kinds[cpu].kernels;
  return kinds[0].kernels;
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
  kernels();  // what goes with the machine
  chosen_here = kinds[cpu].kernels;
  return true;
}

void ck_to_f32(ck_element element, const void *x, size_t count, float *y) { kernels()->to_f32(element, x, count, y); }

bool ck_f32_to_f16(const float *x, size_t count, uint16_t *y) { return kernels()->f32_to_f16(x, count, y); }

bool ck_is_finite(const float *x, size_t count) { return kernels()->is_finite(x, count); }

size_t ck_attention_scratch_bytes(size_t tokens, size_t group, size_t head_dimension) {
  // The parts and their order are those of `attention_scratch`; each is rounded up to 16 numbers.
  size_t rows = tokens * group, padded = (head_dimension + 15) / 16 * 16, block = 128;
  size_t numbers = rows * (head_dimension + padded + 1 + 16) + block * (head_dimension + padded + 1) + 2 * tokens;
  return (numbers + 8 * 16) * sizeof(float);
}

void ck_attention(const ck_attention_call *call) { kernels()->attention(call); }

void ck_attention_mass(const ck_attention_call *call, float *mass, size_t stride) {
  kernels()->attention_mass(call, mass, stride);
}

void ck_attention_merge(
  size_t parts, const float *const *outputs, const float *const *log_sum_exps, size_t rows, size_t head_dimension,
  float *output, float *log_sum_exp) {
  kernels()->attention_merge(parts, outputs, log_sum_exps, rows, head_dimension, output, log_sum_exp);
}

bool ck_store_keys(
  ck_element element, size_t head_dimension, const float *x, size_t stride, size_t first, size_t count, void *keys) {
  return kernels()->store_keys(element, head_dimension, x, stride, first, count, keys);
}

bool ck_store_values(
  ck_element element, size_t head_dimension, const float *x, size_t stride, size_t first, size_t count, void *values) {
  return kernels()->store_values(element, head_dimension, x, stride, first, count, values);
}

size_t ck_kv_tile_bytes(ck_element element, size_t head_dimension) {
  size_t numbers = ck_tile_tokens * head_dimension;
  if (element == ck_q8) return numbers + (head_dimension + 31) / 32 * ck_tile_tokens * sizeof(uint16_t);
  return numbers * (element == ck_f32 ? 4 : 2);
}

void ck_zero_tail(ck_element element, size_t head_dimension, size_t tokens, void *keys, void *values) {
  size_t used = tokens % ck_tile_tokens;
  if (used == 0) return;
  size_t tile_bytes = ck_kv_tile_bytes(element, head_dimension);
  size_t bytes = element == ck_f32 ? 4 : element == ck_f16 ? 2 : 1;
  size_t rest = ck_tile_tokens - used, numbers = ck_tile_tokens * head_dimension * bytes;
  char *key_tile = (char *)keys + tokens / ck_tile_tokens * tile_bytes;
  char *value_tile = (char *)values + tokens / ck_tile_tokens * tile_bytes;
  for (size_t d = 0; d < head_dimension; d++)
    memset(key_tile + (d * ck_tile_tokens + used) * bytes, 0, rest * bytes);
  memset(value_tile + used * head_dimension * bytes, 0, rest * head_dimension * bytes);
  for (size_t at = numbers; at < tile_bytes; at += ck_tile_tokens * sizeof(uint16_t)) {
    memset(key_tile + at + used * sizeof(uint16_t), 0, rest * sizeof(uint16_t));
    memset(value_tile + at + used * sizeof(uint16_t), 0, rest * sizeof(uint16_t));
  }
}

size_t ck_block_numbers(ck_element element) { return block_numbers(element); }

size_t ck_block_bytes(ck_element element) { return block_bytes(element); }

size_t ck_few_packed_bytes(ck_element element, size_t rows, size_t columns) {
  // A chunk of 64 numbers has sixteen bits each, and of whole rounds of chunks there are sums, totals and scales; see
  // body/few_rows_activations.h. Behind that, for weights of eight bits, chunks of sixteen rows; see body/few_rows_lanes.h.
  size_t chunks = (columns + 63) / 64, lanes = element == ck_q8 ? (rows + 15) / 16 * chunks * 35 * 64 : 0;
  return rows * ((chunks * 128 + (chunks + 7) / 8 * 8 * 40 + 63) / 64 * 64) + lanes;
}

void ck_pack_few_rows(ck_element element, const float *x, size_t stride, size_t rows, size_t columns, void *packed) {
  kernels()->pack_few_rows(element, x, stride, rows, columns, packed);
}

void ck_few_rows(const ck_few_rows_call *call, size_t begin, size_t end) { kernels()->few_rows(call, begin, end); }

size_t ck_q8_row_bytes(size_t columns) { return ck_q8_row_scales(columns) * ck_q8_group; }

size_t ck_q8_row_scales(size_t columns) { return (columns + ck_q8_group - 1) / ck_q8_group; }

bool ck_quantize_weights(
  ck_element element, const void *w, size_t columns, size_t begin, size_t end, uint8_t *quantized, float *scales) {
  return kernels()->quantize_weights(element, w, columns, begin, end, quantized, scales);
}

size_t ck_turned_rows(ck_element element) {
  return kernels()->turn_weights && turned_lines(element) > 0 ? turned_rows : 0;
}

size_t ck_turned_panel_bytes(ck_element element, size_t columns) { return turned_panel_bytes(element, columns); }

void ck_turn_weights(
  ck_element element, const void *w, size_t columns, size_t rows, size_t begin, size_t end, void *turned) {
  kernels()->turn_weights(element, w, columns, rows, begin, end, turned);
}

size_t ck_packed_bytes(ck_element element, size_t rows, size_t columns) {
  size_t whole = (rows + 15) / 16 * 16;
  // Of bytes and blocks a number takes one byte or two, and each group of a row also has a scale and sums; see
  // body/product_q8.h, body/product_quants.h.
  if (element == ck_q8) return whole * ck_q8_row_scales(columns) * (2 * ck_q8_group + 8);
  return ck_block_numbers(element) > 1 ? whole * (columns / 32) * (2 * 32 + 8) : whole * columns * sizeof(float);
}

void ck_pack_rows(
  ck_element element, const float *x, size_t stride, size_t rows, size_t columns, size_t begin, size_t end,
  void *packed) {
  kernels()->pack_rows(element, x, stride, rows, columns, begin, end, packed);
}

size_t ck_product_scratch_bytes(size_t rows) {
  // A panel of converted weights, and its sums with at most 528 rows; see body/product.h.
  size_t waiting = rows < 528 ? (rows + 15) / 16 * 16 : 528;
  return 63 * (400 + waiting) * sizeof(float);
}

size_t ck_product_panel_rows(void) { return kernels()->product_panel_rows; }

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

void ck_softcap(const float *x, float cap, size_t count, float *y) { kernels()->softcap(x, cap, count, y); }
