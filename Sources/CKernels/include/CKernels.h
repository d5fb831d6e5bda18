/// Numerical kernels: the loops that decide how long an answer takes.
///
/// No function allocates, locks, or keeps a pointer. Scratch comes from the caller. Unless a function says otherwise,
/// pointers need only the alignment of their element, counts may be any (zero included), inputs and outputs do not
/// overlap, and sums are accumulated in f32. What lies past a count is never read into a result.
///
/// Each kernel exists for several kinds of CPU (`ck_cpu`); the best that the machine has is chosen once. Results of one
/// kind are the same bits on each call: a row's do not depend on the rows computed with it, nor on how a caller shares
/// the work out between threads.
#ifndef C_KERNELS_H
#define C_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: - Choice of CPU

/// Which instructions the kernels use.
typedef enum {
  /// What every x86-64 has (or, elsewhere, what the compiler makes of plain C).
  ck_cpu_portable = 0,
  /// AVX2, FMA, F16C.
  ck_cpu_avx2 = 1,
  /// AVX-VNNI beside these.
  ck_cpu_avx2vnni = 2,
  /// AVX-512 F, BW, DQ, VL beside AVX2, FMA, F16C.
  ck_cpu_avx512 = 3,
  /// AVX-512 VNNI beside these.
  ck_cpu_avx512vnni = 4,
} ck_cpu;

/// The kind in use on this thread.
///
/// It is the best that the machine has; `PMLC_CPU=portable|avx2|avx2vnni|avx512|avx512vnni` in the environment lowers
/// it, and is passed over if it names what the machine lacks.
ck_cpu ck_cpu_in_use(void);

/// Whether the machine can run `cpu`.
bool ck_cpu_is_supported(ck_cpu cpu);

/// Uses `cpu` for the calls of this thread from now on, for tests and benchmarks. False, and nothing changes, if the
/// machine cannot run it.
bool ck_cpu_select(ck_cpu cpu);

// MARK: - Numbers

/// How a number lies in memory.
typedef enum {
  /// IEEE 754 single precision.
  ck_f32 = 1,
  /// IEEE 754 half precision.
  ck_f16 = 2,
  /// The upper half of an f32.
  ck_bf16 = 3,
  /// Eight bits, with a scale for each group of `ck_q8_group` numbers of a row; weights only. See
  /// `ck_quantize_weights`.
  ck_q8 = 4,
  // Blocks of 32 numbers, or of 256 (those called K), as GGUF files hold them; weights only. See `ck_block_bytes`.
  ck_q4_0 = 5,
  ck_q4_1 = 6,
  ck_q5_0 = 7,
  ck_q5_1 = 8,
  ck_q8_0 = 9,
  ck_iq4_nl = 10,
  ck_q4_k = 11,
  ck_q5_k = 12,
  ck_q6_k = 13,
} ck_element;

/// Numbers of a block, which lie together and whose rows are whole blocks: 1 of f32, f16, bf16; 32 or 256 of the types
/// that GGUF files hold; 0 of ck_q8, which is no form that files have.
size_t ck_block_numbers(ck_element element);

/// Bytes of a block.
size_t ck_block_bytes(ck_element element);

/// y[i] = x[i], exact; of blocks, what their description says, each operation rounded to f32. `element` is any but ck_q8;
/// of blocks, x is the first number of one, and `count` a multiple of 32.
void ck_to_f32(ck_element element, const void *x, size_t count, float *y);

/// y[i] = x[i], rounded to nearest, ties to even; past 65,504 infinite; NaN stays NaN. Subnormals are kept. Returns
/// whether every y[i] is finite.
bool ck_f32_to_f16(const float *x, size_t count, uint16_t *y);

/// Whether every number is finite.
bool ck_is_finite(const float *x, size_t count);

// MARK: - Attention

/// Tokens in a tile of keys and values.
enum { ck_tile_tokens = 16 };
/// The largest number of dimensions of a head.
enum { ck_max_head_dimension = 256 };

/// Keys and values of one head for a run of tokens in ascending position order.
///
///     keys    tiles × [head_dimension][16]
///     values  tiles × [16][head_dimension]
///
/// with tiles = tokens / 16, rounded up. Of ck_q8 the numbers are signed bytes, and behind those of each tile lie their
/// scales, [groups][16] of ck_bf16: one for each token and group of 32 dimensions, the last group perhaps short.
///
/// A part of a run that begins at a multiple of 16 tokens is a run again: both pointers move by so many times
/// `ck_kv_tile_bytes`.
typedef struct {
  const void *keys;
  const void *values;
  /// Position of each token, ascending (`tokens` of them), or NULL if they are first_position, first_position + 1, ….
  const int32_t *positions;
  int32_t first_position;
  int32_t tokens;
  /// ck_f32, ck_f16 or ck_q8.
  ck_element element;
  /// Which of the rotated forms of the queries meets these keys.
  int32_t variant;
  /// 0, or a multiple of 16: tokens before the first one that are not there, because no token of a call sees them. Sums
  /// are formed as if they were.
  int32_t dropped;
  /// NULL, or for each tile of the run a number whose bit i says that no token of a call sees token i of the tile.
  const uint16_t *omitted;
} ck_kv_run;

/// Bytes of a tile of keys, and of one of values. `element` is ck_f32, ck_f16 or ck_q8.
size_t ck_kv_tile_bytes(ck_element element, size_t head_dimension);

/// Attention of the query heads that share one key-value head.
///
/// For token t and head g of the group, over all tokens j of all runs that t sees:
///
///     output[t][g] = Σ softmax_j(capped(query[variant][t][g] · key[j]) + slope[g] · (position[j] - position[t])) · value[j]
///
/// with capped(s) = softcap · tanh(s / softcap), or s where there is no cap.
///
/// t sees j if position[j] <= position[t], and position[j] > position[t] - window where there is a window, and j is not
/// omitted. One running softmax goes over all runs, tile by tile; tiles that no row sees are not read, nor blocks of 128
/// tokens that are omitted. A row that sees nothing is zero.
typedef struct {
  /// variants × tokens × [group][head_dimension], already scaled; token t of variant v begins at
  /// v · query_variant_stride + t · query_token_stride.
  const float *queries;
  size_t query_variant_stride;
  size_t query_token_stride;
  /// tokens × [group][head_dimension]; token t begins at t · output_token_stride.
  float *output;
  size_t output_token_stride;
  /// 0, or from the results of one run to those of the next: each run has a softmax of its own then.
  size_t output_run_stride;
  /// NULL, or tokens × [group], of each run where these have results of their own: the natural logarithm of the softmax's denominator, -infinity for a row that sees
  /// nothing. It is what `ck_attention_merge` needs.
  float *log_sum_exp;
  /// Position of each query token, in any order.
  const int32_t *positions;
  /// NULL, or one ALiBi slope for each head of the group.
  const float *slopes;
  /// 0, or what products of query and key are bounded by.
  float softcap;
  /// 0, or the number of positions that a token sees, its own included.
  int32_t window;
  int32_t tokens;
  int32_t group;
  /// Even, at most 256. Multiples of 16 are fastest.
  int32_t head_dimension;
  const ck_kv_run *runs;
  int32_t run_count;
  /// Runs that lie behind these and a call after this one attends to: memory is asked for the first of their tiles while the
  /// last ones of this call are read.
  int32_t runs_ahead;
  /// `ck_attention_scratch_bytes` bytes at a multiple of 64.
  void *scratch;
} ck_attention_call;

/// Bytes of scratch that a call with these sizes needs.
size_t ck_attention_scratch_bytes(size_t tokens, size_t group, size_t head_dimension);

/// Carries out `call`.
void ck_attention(const ck_attention_call *call);

/// Adds up how much attention each token of a run gets: for head g of the group and token j of the call's one run,
///
///     mass[g · stride + j] += Σ_t exp(score[t][g][j] - log_sum_exp[t][g])
///
/// over the tokens t of the call that see j, with scores as `ck_attention` has them. The call's `log_sum_exp` is read: it
/// is what `ck_attention` left, of all runs that t sees. Output is not touched, nor values read. Scratch is the same.
///
/// What lies behind the run's tokens in its last tile is within `mass` and stays as it was.
void ck_attention_mass(const ck_attention_call *call, float *mass, size_t stride);

/// Joins the results of `parts` calls or runs that saw different tokens: output[r] = Σ_p w_p · outputs[p][r] with weights
/// from the softmax of log_sum_exps[p][r] over p. Each part is rows × [head_dimension] without gaps. `log_sum_exp` is NULL,
/// or gets what one call that saw all the tokens would leave.
void ck_attention_merge(
  size_t parts, const float *const *outputs, const float *const *log_sum_exps, size_t rows, size_t head_dimension,
  float *output, float *log_sum_exp);

// MARK: - Writing keys and values

/// Writes the keys of `count` tokens of one head into its tiles (see `ck_kv_run`), from token `first` on. Token i is
/// read at x + i · stride. The rest of the tiles is left as it was. `element` is ck_f32, ck_f16 or ck_q8; of the latter
/// each group of 32 dimensions of a token is rounded to multiples of its largest magnitude / 127 (that quotient itself
/// rounded up to a ck_bf16).
///
/// Returns whether all that was written is finite; ck_f32 is not looked at. A group of ck_q8 with what is not gets an
/// infinite scale.
bool ck_store_keys(
  ck_element element, size_t head_dimension, const float *x, size_t stride, size_t first, size_t count, void *keys);

/// The same for values.
bool ck_store_values(
  ck_element element, size_t head_dimension, const float *x, size_t stride, size_t first, size_t count, void *values);

/// Zeroes what the last tile of a run of `tokens` holds past its tokens, in keys and values.
void ck_zero_tail(ck_element element, size_t head_dimension, size_t tokens, void *keys, void *values);

// MARK: - Weights of eight bits

/// Numbers of a row that share a scale.
enum { ck_q8_group = 64 };

/// Bytes of a row of `columns` numbers: one each, rounded up to whole groups.
size_t ck_q8_row_bytes(size_t columns);

/// Scales of a row of `columns` numbers: one for each group, the last one perhaps short.
size_t ck_q8_row_scales(size_t columns);

/// Rounds rows begin ..< end of w, rows × [columns] of any type but ck_q8, to eight bits.
///
/// A number is about (q - 128) · scale, with q in 1...255 and scale = max |w| / 127 over its group, so that the error
/// is at most half a scale. What a row has past its columns is 128. The bytes are the same on each kind of CPU. Row i
/// begins at quantized + i · ck_q8_row_bytes(columns), its scales at scales + i · ck_q8_row_scales(columns). Returns
/// whether every number of w is finite.
bool ck_quantize_weights(
  ck_element element, const void *w, size_t columns, size_t begin, size_t end, uint8_t *quantized, float *scales);

/// Weight rows that lie together in the turned form of weights: panels of so many rows, these across the lanes, so that
/// products need not turn them. 0 where this kind of CPU has no use for it, or the type has none.
size_t ck_turned_rows(ck_element element);

/// Bytes of a panel of rows of so many columns.
size_t ck_turned_panel_bytes(ck_element element, size_t columns);

/// Turns panels begin ..< end of w, [rows][columns] as files have them; panel p is written at
/// turned + p · ck_turned_panel_bytes(element, columns). Rows that the last panel has past `rows` are zero. The type is one
/// with a turned form.
void ck_turn_weights(
  ck_element element, const void *w, size_t columns, size_t rows, size_t begin, size_t end, void *turned);

// MARK: - Products of activations and weights

/// output[m][n] = Σ_k x[m][k] · weights[n][k] + bias[n], for the rows x that were packed.
///
/// Each sum is formed in an order that depends on the number of columns alone.
typedef struct {
  ck_element element;
  /// Whether the weights are in their turned form.
  bool is_turned;
  /// weight rows × [columns], where they lie, in their stored type; of ck_q8, what `ck_quantize_weights` wrote; turned,
  /// what `ck_turn_weights` wrote, from the beginning of a panel on.
  const void *weights;
  /// NULL, or the scales of ck_q8.
  const float *scales;
  /// Numbers in a row of weights and of activations.
  size_t columns;
  /// What `ck_pack_rows` made of the activations for this type of weights.
  const void *packed;
  /// Rows of activations.
  size_t rows;
  /// NULL, or one number for each weight row.
  const float *bias;
  /// Whether the result is added to what the output holds.
  bool adding;
  /// rows × [weight rows]; row m begins at m · output_stride.
  float *output;
  size_t output_stride;
  /// `ck_product_scratch_bytes` bytes at a multiple of 64, for this call alone.
  void *scratch;
} ck_product_call;

/// The same for a few rows (decoding), whose activations keep sixteen bits or more. The weights are read from memory once
/// for all of them.
///
/// Each sum is formed in an order that depends on the number of columns alone, but another than `ck_product`'s.
typedef struct {
  ck_element element;
  bool is_turned;
  const void *weights;
  const float *scales;
  size_t columns;
  /// rows × [columns]; row m begins at x + m · x_stride. Not used with ck_q8 and blocks.
  const float *x;
  size_t x_stride;
  /// What `ck_pack_few_rows` made of the rows, with ck_q8 and blocks; not used otherwise.
  const void *packed;
  size_t rows;
  const float *bias;
  bool adding;
  float *output;
  size_t output_stride;
} ck_few_rows_call;

/// Bytes that `rows` rows take, made ready for `ck_few_rows` with weights of this type: ck_q8, or blocks, which share
/// one form.
size_t ck_few_packed_bytes(ck_element element, size_t rows, size_t columns);

/// Makes rows ready for `ck_few_rows` with ck_q8 or blocks; row m begins at x + m · stride. Activations are rounded to
/// sixteen bits, with a scale for each group of 64 numbers of a row. `packed` begins at a multiple of 64.
void ck_pack_few_rows(ck_element element, const float *x, size_t stride, size_t rows, size_t columns, void *packed);

/// Computes the outputs of weight rows begin ..< end; turned, `begin` is the first of a panel.
void ck_few_rows(const ck_few_rows_call *call, size_t begin, size_t end);

/// Bytes that `rows` rows take, packed for products with weights of this type. There are three forms: for f32, f16 and
/// bf16, for ck_q8, for blocks.
size_t ck_packed_bytes(ck_element element, size_t rows, size_t columns);

/// Packs columns begin ..< end of `rows` rows for products; row m begins at x + m · stride. `begin` is a multiple of
/// 64, and so is `end` unless it is `columns`, so that threads can share the columns out. `packed` begins at a multiple
/// of 64. The form depends on the kind of CPU, and is its own affair. For ck_q8 the activations are rounded to eight
/// bits, with a scale for each group of 64 numbers of a row, for blocks with one for each 32.
void ck_pack_rows(
  ck_element element, const float *x, size_t stride, size_t rows, size_t columns, size_t begin, size_t end,
  void *packed);

/// Bytes of scratch that a product with so many rows of activations needs.
size_t ck_product_scratch_bytes(size_t rows);

/// Weight rows that a product works on at a time: multiples waste nothing. At most 63.
size_t ck_product_panel_rows(void);

/// Computes the outputs of weight rows begin ..< end; turned, `begin` is the first of a panel.
void ck_product(const ck_product_call *call, size_t begin, size_t end);

// MARK: - Rows of activations

/// y = x / √(mean(x²) + epsilon) · weight, for each of `rows` rows of `count`. y may be x.
void ck_rms_norm(const float *x, const float *weight, float epsilon, size_t rows, size_t count, float *y);

/// y = (x - mean(x)) / √(variance(x) + epsilon) · weight + bias, for each of `rows` rows of `count`. bias may be NULL,
/// y may be x.
void ck_layer_norm(
  const float *x, const float *weight, const float *bias, float epsilon, size_t rows, size_t count, float *y);

/// Rotates the first `rotary_dimension` numbers of each of `heads` heads, and scales all of them: with h half of it and
/// i < h, (y[i], y[i + h]) = scale · (x[i] · cos[i] - x[i + h] · sin[i], x[i + h] · cos[i] + x[i] · sin[i]). cos and
/// sin hold h numbers each. x and y: [heads][head_dimension]; y may be x.
void ck_rotate(
  const float *x, const float *cos, const float *sin, float scale, size_t heads, size_t head_dimension,
  size_t rotary_dimension, float *y);

/// y[i] += x[i].
void ck_add(const float *x, size_t count, float *y);

/// y[i] = gate[i] / (1 + exp(-gate[i])) · up[i]. y may be either.
void ck_silu_multiply(const float *gate, const float *up, size_t count, float *y);

/// y[i] = x[i] / 2 · (1 + erf(x[i] / √2)). y may be x.
void ck_gelu_erf(const float *x, size_t count, float *y);

/// y[i] = x[i] / 2 · (1 + tanh(√(2/π) · (x[i] + 0.044715 · x[i]³))). y may be x.
void ck_gelu_tanh(const float *x, size_t count, float *y);

/// y[i] = exp(x[i]), within 2e-7 of it relative to it; zero below -87.3, infinite above 88.7. y may be x.
void ck_exp(const float *x, size_t count, float *y);

// MARK: - Logits

/// The index of the largest number, the first among equals; NaN is passed over. 0 if there is none.
size_t ck_argmax(const float *x, size_t count);

/// log Σ exp(x[i]), summed in f64. -infinity if there is none.
float ck_log_sum_exp(const float *x, size_t count);

/// y[i] = exp(x[i] · scale) / Σ_j exp(x[j] · scale); scale is positive. y may be x.
void ck_softmax(const float *x, float scale, size_t count, float *y);

/// y[i] = cap · tanh(x[i] / cap), within 1e-6 of it relative to it; cap is positive. NaN stays NaN. y may be x.
void ck_softcap(const float *x, float cap, size_t count, float *y);

#endif
