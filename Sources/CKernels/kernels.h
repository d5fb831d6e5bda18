// One table for each kind of CPU. Every field has its contract in CKernels.h under the same name.
#ifndef CK_KERNELS_H
#define CK_KERNELS_H

#include "CKernels.h"

// Numbers of a block, and its bytes: `ck_block_numbers`, `ck_block_bytes`, where the compiler can see through them.
static inline size_t block_numbers(ck_element element) {
  switch (element) {
  case ck_q8: return 0;
  case ck_f32:
  case ck_f16:
  case ck_bf16: return 1;
  case ck_q4_k:
  case ck_q5_k:
  case ck_q6_k: return 256;
  default: return 32;
  }
}
static inline size_t block_bytes(ck_element element) {
  switch (element) {
  case ck_q8: return 0;
  case ck_f32: return 4;
  case ck_f16:
  case ck_bf16: return 2;
  case ck_q4_0:
  case ck_iq4_nl: return 18;
  case ck_q4_1: return 20;
  case ck_q5_0: return 22;
  case ck_q5_1: return 24;
  case ck_q8_0: return 34;
  case ck_q4_k: return 144;
  case ck_q5_k: return 176;
  case ck_q6_k: return 210;
  }
  return 0;
}

// Weights in blocks, turned: what a panel of them has; see body/turned.h.
enum { turned_rows = 16, turned_line = 16 * turned_rows };

// Lines of a block; 0 where there is no turned form.
static inline size_t turned_lines(ck_element element) {
  switch (element) {
  case ck_q4_0:
  case ck_q4_1: return 1;
  case ck_q8_0: return 2;
  case ck_q4_k: return 8;
  case ck_q6_k: return 12;
  default: return 0;
  }
}
// Bytes of a block's head.
static inline size_t turned_head(ck_element element) {
  switch (element) {
  case ck_q4_1: return 4 * turned_rows;
  case ck_q4_k: return 20 * turned_rows;
  case ck_q6_k: return 18 * turned_rows;
  default: return 2 * turned_rows;
  }
}
static inline size_t turned_block(ck_element element) {
  return turned_head(element) + turned_lines(element) * turned_line;
}
static inline size_t turned_panel_bytes(ck_element element, size_t columns) {
  return (columns / block_numbers(element) * turned_block(element) + 63) / 64 * 64;
}

typedef struct {
  ck_cpu cpu;
  void (*to_f32)(ck_element, const void *, size_t, float *);
  bool (*f32_to_f16)(const float *, size_t, uint16_t *);
  bool (*is_finite)(const float *, size_t);
  void (*attention)(const ck_attention_call *);
  void (*attention_mass)(const ck_attention_call *, float *, size_t);
  void (*attention_merge)(size_t, const float *const *, const float *const *, size_t, size_t, float *, float *);
  bool (*store_keys)(ck_element, size_t, const float *, size_t, size_t, size_t, void *);
  bool (*store_values)(ck_element, size_t, const float *, size_t, size_t, size_t, void *);
  void (*pack_few_rows)(ck_element, const float *, size_t, size_t, size_t, void *);
  void (*few_rows)(const ck_few_rows_call *, size_t, size_t);
  bool (*quantize_weights)(ck_element, const void *, size_t, size_t, size_t, uint8_t *, float *);
  void (*turn_weights)(ck_element, const void *, size_t, size_t, size_t, size_t, void *);  // or NULL
  void (*pack_rows)(ck_element, const float *, size_t, size_t, size_t, size_t, size_t, void *);
  size_t product_panel_rows;
  void (*product)(const ck_product_call *, size_t, size_t);
  void (*rms_norm)(const float *, const float *, float, size_t, size_t, float *);
  void (*layer_norm)(const float *, const float *, const float *, float, size_t, size_t, float *);
  void (*rotate)(const float *, const float *, const float *, float, size_t, size_t, size_t, float *);
  void (*add)(const float *, size_t, float *);
  void (*silu_multiply)(const float *, const float *, size_t, float *);
  void (*gelu_erf)(const float *, size_t, float *);
  void (*gelu_tanh)(const float *, size_t, float *);
  void (*exp)(const float *, size_t, float *);
  size_t (*argmax)(const float *, size_t);
  float (*log_sum_exp)(const float *, size_t);
  void (*softmax)(const float *, float, size_t, float *);
  void (*softcap)(const float *, float, size_t, float *);
} ck_kernels;

/// How this machine reads memory best. Set with the choice of CPU.
typedef struct {
  /// How far ahead, in bytes, blocks of weights are asked for where few rows read them; 0 where that does harm.
  size_t bytes_ahead;
  /// Whether the CPU follows one stream of its own accord at full speed, so that one row of weights after the other is
  /// best, and what is asked for ahead should come into the second cache alone: asked into the first one, it takes the
  /// places of the loads that wait.
  bool follows_streams;
} ck_memory;
extern ck_memory ck_memory_here;

extern const ck_kernels ck_kernels_portable;
#if defined(__x86_64__)
extern const ck_kernels ck_kernels_avx2;
extern const ck_kernels ck_kernels_avx2vnni;
extern const ck_kernels ck_kernels_avx512;
extern const ck_kernels ck_kernels_avx512vnni;
#endif

#endif
