// The kernels, for the CPU that the including file has set: its name, the bits of its registers, whether it has F16C and
// VNNI, and how many sums of each product its registers hold.
#include "simd.h"

#include "body/quants.h"
#include "body/numbers.h"
#include "body/keys_and_values.h"
#include "body/vectors.h"
#include "body/multiply_add.h"
#include "body/attention_rows.h"
#include "body/attention.h"
#include "body/attention_mass.h"
#include "body/product.h"
#include "body/product_q8.h"
#include "body/few_rows.h"
#include "body/few_rows_activations.h"
#include "body/few_rows_units.h"
#if CK_WIDTH == 512
#include "body/few_rows_panels.h"
#endif
#define CK_HAS_FEW_LANES (CK_WIDTH == 512 && CK_VNNI)
#define CK_HAS_TURNED (CK_WIDTH == 512 && CK_VNNI)
#if CK_HAS_FEW_LANES
#include "body/few_rows_lanes.h"
#endif
#if CK_HAS_TURNED
#include "body/turned.h"
#include "body/few_rows_turned.h"
#endif
#include "body/few_rows_blocks.h"
#include "body/product_half.h"
#include "body/product_panels.h"
#include "body/product_quants.h"
#include "body/products.h"

#define CK_PASTE_(a, b) a##b
#define CK_PASTE(a, b) CK_PASTE_(a, b)

const ck_kernels CK_PASTE(ck_kernels_, CK_CPU) = {
  .cpu = CK_PASTE(ck_cpu_, CK_CPU),
  .to_f32 = to_f32,
  .f32_to_f16 = f32_to_f16,
  .is_finite = is_finite,
  .attention = attention,
  .attention_mass = attention_mass,
  .attention_merge = attention_merge,
  .store_keys = store_keys,
  .store_values = store_values,
  .pack_few_rows = pack_few_rows,
  .few_rows = few_rows,
  .quantize_weights = quantize_weights,
#if CK_HAS_TURNED
  .turn_weights = turn_weights,
#endif
  .pack_rows = pack_rows,
  .product_panel_rows = product_panel_rows,
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
  .softcap = softcap,
};
