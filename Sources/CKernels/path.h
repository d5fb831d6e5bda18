// The kernels, for the CPU that the including file has set: CK_CPU, CK_HAS_F16C, and the block of the products that its
// registers hold: CK_ROWS × CK_VECTORS accumulators, or CK_WIDE vectors for few rows.
#include "simd.h"

#include "body/numbers.h"
#include "body/vectors.h"
#include "body/few_rows.h"
#include "body/multiply_add.h"
#include "body/attention.h"
#include "body/product.h"

#define CK_PASTE_(a, b) a##b
#define CK_PASTE(a, b) CK_PASTE_(a, b)

const ck_kernels CK_PASTE(ck_kernels_, CK_CPU) = {
  .cpu = CK_PASTE(ck_cpu_, CK_CPU),
  .to_f32 = to_f32,
  .f32_to_f16 = f32_to_f16,
  .attention = attention,
  .attention_merge = attention_merge,
  .store_keys = store_keys,
  .store_values = store_values,
  .few_rows = few_rows,
  .packed_count = packed_count,
  .pack_rows = pack_rows,
  .product = product,
  .rms_norm = rms_norm,
  .layer_norm = layer_norm,
  .rotate = rotate,
  .add = add,
  .silu_multiply = silu_multiply,
  .gelu_erf = gelu_erf,
  .gelu_tanh = gelu_tanh,
  .exp = exponential,
  .argmax = argmax,
  .log_sum_exp = log_sum_exp,
  .softmax = softmax,
};
