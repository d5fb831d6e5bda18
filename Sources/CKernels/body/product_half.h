// Products with at most half a vector of rows, where a vector takes two registers: one register a sum, and twice as many
// weight rows, so that new text of a few tokens does not pay for rows that are not there. Each sum has the same bits.

#ifdef CK_HALF_ROWS

typedef float half_f __attribute__((ext_vector_type(8)));
typedef float half_f_any __attribute__((ext_vector_type(8), aligned(4)));
typedef int32_t half_i __attribute__((ext_vector_type(8)));
typedef int32_t half_i_any __attribute__((ext_vector_type(8), aligned(4)));

enum { half_lanes = 8 };

INLINE void store_half_sum(float *sum, bool first, half_f x) {
  *(half_f_any *)sum = first ? x : *(const half_f_any *)sum + x;
}

// See product_tile.
INLINE void product_half_tile(
  const int rows, const float *panel, const float *packed, size_t columns, bool first, float *sums, size_t sums_stride,
  const product_prefetch *next) {
  half_f c[CK_HALF_ROWS] = {0};
  const size_t step = next->rows ? 32 : columns;
  for (size_t begin = 0; begin < columns; begin += step) {
    size_t end = columns - begin < step ? columns : begin + step;
    prefetch_weights(next, begin, step);
    for (size_t i = begin; i < end; i++) {
      half_f x = *(const half_f_any *)(packed + i * lanes);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) c[r] += (half_f)(panel[r * product_panel_stride + i]) * x;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) store_half_sum(sums + r * sums_stride, first, c[r]);
}

INLINE half_i multiply_add_half(half_i c, half_i w, half_i x) {
#if CK_VNNI
  return (half_i)_mm256_dpbusd_avx_epi32((__m256i)c, (__m256i)w, (__m256i)x);
#else
  return c + (half_i)_mm256_madd_epi16((__m256i)w, (__m256i)x);
#endif
}

// See product_q8_tile.
INLINE void product_q8_half_tile(
  const int rows, const char *weights, const float *scales, size_t row_groups, const char *packed, size_t groups,
  bool first, float *sums, size_t sums_stride, const product_prefetch *next) {
  half_f f[CK_HALF_ROWS] = {0};
  const size_t line = lanes * 4;
  const size_t row_bytes = q8_row_stride(row_groups);
  for (size_t g = 0; g < groups; g++, packed += lanes * q8_packed_group) {
    for (size_t r = 0; r < next->rows; r++)
      __builtin_prefetch(next->weights + r * next->stride + g * ck_q8_group, 0, 2);
    half_i c[CK_HALF_ROWS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) c[r] = CK_VNNI ? *(const half_i_any *)packed : (half_i)(0);
    const char *group_scales = packed + (CK_VNNI ? line : 0), *x = group_scales + line;
    for (size_t i = 0; i < q8_steps; i++, x += line) {
      half_i a = *(const half_i_any *)x;
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        int32_t several;
        memcpy(&several, weights + r * row_bytes + (g * q8_steps + i) * 4, sizeof several);
        c[r] = multiply_add_half(c[r], (half_i)(several), a);
      }
    }
    half_f scale = *(const half_f_any *)group_scales;
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
      f[r] += __builtin_convertvector(c[r], half_f) * scale * scales[r * row_groups + g];
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) store_half_sum(sums + r * sums_stride, first, f[r]);
}

#define CK_TILE(rows)                                                                                                 \
  static void product_half_##rows(                                                                                    \
    const float *panel, const float *packed, size_t columns, bool first, float *sums, size_t stride,                  \
    const product_prefetch *next) {                                                                                   \
    product_half_tile(rows, panel, packed, columns, first, sums, stride, next);                                       \
  }                                                                                                                   \
  static void product_q8_half_##rows(                                                                                 \
    const char *weights, const float *scales, size_t row_groups, const char *packed, size_t groups, bool first,       \
    float *sums, size_t stride, const product_prefetch *next) {                                                       \
    product_q8_half_tile(rows, weights, scales, row_groups, packed, groups, first, sums, stride, next);               \
  }
CK_EACH_HALF_TILE(CK_TILE)
#undef CK_TILE

static const product_kernel product_half_kernels[] = {
#define CK_TILE(rows) [rows] = product_half_##rows,
  CK_EACH_HALF_TILE(CK_TILE)
#undef CK_TILE
};

static const product_q8_kernel product_q8_half_kernels[] = {
#define CK_TILE(rows) [rows] = product_q8_half_##rows,
  CK_EACH_HALF_TILE(CK_TILE)
#undef CK_TILE
};

#endif
