// Products with weights of eight bits: the same plan as for f32, with activations of eight bits and several columns to a
// lane.
//
// With VNNI a lane holds four columns. Weights are unsigned, off by 128, because that is what the instruction multiplies
// with signed numbers; what is too much, 128 times the sum of the activations of a group, is taken off where each sum
// begins.
//
//     packed  blocks of V · 16 rows, each groups × { int32 start[V · 16]; float scale[V · 16]; int8 x[16][V · 16][4] }
//
// Without it a lane holds two columns, as 16-bit numbers, which multiply as fast and never overflow. Activations are
// widened where they are packed, weights once for all rows, panel by panel, with the 128 taken off.
//
//     packed  blocks of V · 16 rows, each groups × { float scale[V · 16]; int16 x[32][V · 16][2] }
//     panel   weight rows × [columns], int16
//
// Sums of a group are exact, so both give the same bits.

enum {
  // Columns of a lane.
  q8_lane_columns = CK_VNNI ? 4 : 2,
  q8_steps = ck_q8_group / q8_lane_columns,
  // Bytes of a group of one row, packed.
  q8_packed_group = CK_VNNI ? ck_q8_group + 8 : 2 * ck_q8_group + 4,
  q8_panel_groups = product_panel_columns / ck_q8_group,
  // From one weight row to the next in a widened panel, in numbers: not a power of two.
  q8_panel_stride = product_panel_columns + 2 * lanes,
};

// To nearest, ties to even, for |x| < 2^22. Kept apart from the product before it, so that each kind of CPU rounds
// alike.
INLINE vi round_lanes(vf x) {
#pragma clang fp contract(off)
  return (vi)(x + 0x1.8p23f) - (vi)splat(0x1.8p23f);
}

// The largest magnitude of a group, compared as integers, which have NaN above all numbers: it must not get lost.
INLINE float group_magnitude(const vf x[4]) {
  vi largest = 0;
  for (int i = 0; i < 4; i++) {
    vi magnitude = (vi)x[i] & 0x7FFFFFFF;
    largest = magnitude > largest ? magnitude : largest;
  }
  int32_t bits = __builtin_reduce_max(largest);
  float magnitude;
  memcpy(&magnitude, &bits, sizeof magnitude);
  return magnitude;
}

// A group of one row, in four vectors: its scale, and its bytes in lanes.
INLINE float quantize_group(const vf x[4], vi *bytes) {
  typedef int8_t v8x16 __attribute__((ext_vector_type(16)));
  // Below 2^-120 there may be no inverse: such numbers become zero.
  float largest = group_magnitude(x), inverse = largest < 0x1p-120f ? 0 : 127 / largest;
  for (int i = 0; i < 4; i++)
    ((v8x16 *)bytes)[i] = __builtin_convertvector(round_lanes(x[i] * inverse), v8x16);
  return largest / 127;
}

INLINE void load_group(const ck_element element, const void *x, size_t at, size_t count, vf group[4]) {
  for (size_t i = 0; i < 4; i++) {
    size_t rest = count > i * lanes ? count - i * lanes : 0;
    group[i] = rest >= lanes ? load_as_f32(element, x, at + i * lanes)
               : rest        ? load_part_as_f32(element, x, at + i * lanes, rest)
                             : splat(0);
  }
}

static bool quantize_weights(
  ck_element element, const void *w, size_t columns, size_t begin, size_t end, uint8_t *quantized, float *scales) {
  bool finite = true;
  size_t groups = (columns + ck_q8_group - 1) / ck_q8_group;
  for (size_t row = begin; row < end; row++)
    for (size_t g = 0; g < groups; g++) {
      vf group[4];
      vi bytes;
      load_group(element, w, row * columns + g * ck_q8_group, columns - g * ck_q8_group, group);
      float scale = quantize_group(group, &bytes);
      finite &= scale < __builtin_inff();  // false for NaN too
      scales[row * groups + g] = scale;
      bytes ^= (int32_t)0x80808080;
      memcpy(quantized + (row * groups + g) * ck_q8_group, &bytes, sizeof bytes);
    }
  return finite;
}

// The bytes of one group of 16 rows, four columns to a lane, as a product reads them.
INLINE void pack_group_q8(vf tile[lanes], const float scales[lanes], size_t width, size_t v, char *group) {
#if CK_VNNI
  vi sum = 0;
  for (size_t i = 0; i < lanes; i++) {
    sum = multiply_add_bytes(sum, (vi)(0x01010101), (vi)tile[i]);
    memcpy(group + 8 * width + (i * width + v) * 4, &tile[i], sizeof tile[i]);
  }
  sum *= -128;
  memcpy(group + v * 4, &sum, sizeof sum);
  memcpy(group + width * 4 + v * 4, scales, lanes * sizeof *scales);
#else
  for (size_t i = 0; i < lanes; i++) {
    vi bytes = (vi)tile[i];
    vi first = ((bytes << 24 >> 24) & 0xFFFF) | (bytes << 16 >> 24 << 16);
    vi second = ((bytes << 8 >> 24) & 0xFFFF) | (bytes >> 24 << 16);
    char *line = group + 4 * width + (2 * i * width + v) * 4;
    memcpy(line, &first, sizeof first);
    memcpy(line + width * 4, &second, sizeof second);
  }
  memcpy(group + v * 4, scales, lanes * sizeof *scales);
#endif
}

static void pack_rows_q8(
  const float *x, size_t stride, size_t rows, size_t columns, size_t begin, size_t end, char *packed) {
  product_blocks b = divide_rows(rows);
  size_t groups = (columns + ck_q8_group - 1) / ck_q8_group;
  for (size_t block = 0; block < b.blocks; block++) {
    size_t first = block_begin(b, block) * lanes, width = block_begin(b, block + 1) * lanes - first;
    for (size_t g = begin / ck_q8_group; g * ck_q8_group < end; g++) {
      char *group = packed + (first * groups + g * width) * q8_packed_group;
      for (size_t v = 0; v < width; v += lanes) {
        vf tile[lanes];
        float scales[lanes];
        for (size_t r = 0; r < lanes; r++) {
          vf numbers[4];
          vi bytes;
          size_t row = first + v + r, at = g * ck_q8_group;
          load_group(ck_f32, x + row * stride, at, row < rows ? columns - at : 0, numbers);
          scales[r] = quantize_group(numbers, &bytes);
          tile[r] = (vf)bytes;
        }
        transpose(tile);
        pack_group_q8(tile, scales, width, v, group);
      }
    }
  }
}

#if !CK_VNNI
// Weights as numbers of 16 bits, 128 taken off.
static void widen_weights(const uint8_t *weights, size_t row_bytes, size_t rows, size_t count, int16_t *panel) {
  typedef uint8_t bytes __attribute__((ext_vector_type(32), aligned(1)));
  typedef int16_t pairs __attribute__((ext_vector_type(32), aligned(2)));
  for (size_t r = 0; r < rows; r++)
    for (size_t i = 0; i < count; i += 32)
      *(pairs *)(panel + r * q8_panel_stride + i) =
        __builtin_convertvector(*(const bytes *)(weights + r * row_bytes + i), pairs) - 128;
}
#endif

// Bytes from one weight row to the next, as a tile reads them.
INLINE size_t q8_row_stride(size_t row_groups) {
  return CK_VNNI ? row_groups * ck_q8_group : q8_panel_stride * sizeof(int16_t);
}

// sums[r][v] = or += Σ_g scales[r][g] · scale[g][v] · (Σ_i weights[r][g][i] · x[g][i][v]) over `groups` groups.
INLINE void product_q8_tile(
  const int rows, const int vectors, const char *weights, const float *scales, size_t row_groups, const char *packed,
  size_t groups, bool first, float *sums, size_t sums_stride, const product_prefetch *next) {
  vf f[CK_Q8_ROWS][CK_PRODUCT_VECTORS] = {0};
  const size_t line = vectors * lanes * 4;
  const size_t row_bytes = q8_row_stride(row_groups);
  for (size_t g = 0; g < groups; g++, packed += vectors * lanes * q8_packed_group) {
    for (size_t r = 0; r < next->rows; r++)
      __builtin_prefetch(next->weights + r * next->stride + g * ck_q8_group, 0, 2);
    vi c[CK_Q8_ROWS][CK_PRODUCT_VECTORS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) c[r][v] = CK_VNNI ? *(const vi_any *)(packed + v * lanes * 4) : (vi)(0);
    const char *group_scales = packed + (CK_VNNI ? line : 0), *x = group_scales + line;
#if !CK_VNNI
#pragma clang loop unroll_count(2)  // A loop of 32 rounds is one whose end is not foreseen.
#endif
    for (size_t i = 0; i < q8_steps; i++, x += line) {
      vi a[CK_PRODUCT_VECTORS];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) a[v] = *(const vi_any *)(x + v * lanes * 4);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        int32_t several;
        memcpy(&several, weights + r * row_bytes + (g * q8_steps + i) * 4, sizeof several);
        vi w = (vi)(several);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
          c[r][v] = CK_VNNI ? multiply_add_bytes(c[r][v], w, a[v]) : multiply_add_pairs(c[r][v], w, a[v]);
      }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) {
        vf scale = load((const float *)group_scales + v * lanes);
        f[r][v] += __builtin_convertvector(c[r][v], vf) * scale * scales[r * row_groups + g];
      }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      float *sum = sums + r * sums_stride + v * lanes;
      store(sum, first ? f[r][v] : load(sum) + f[r][v]);
    }
}

typedef void (*product_q8_kernel)(
  const char *, const float *, size_t, const char *, size_t, bool, float *, size_t, const product_prefetch *);

#define CK_TILE(rows, vectors)                                                                                        \
  static void product_q8_##rows##x##vectors(                                                                          \
    const char *weights, const float *scales, size_t row_groups, const char *packed, size_t groups, bool first,       \
    float *sums, size_t stride, const product_prefetch *next) {                                                       \
    product_q8_tile(rows, vectors, weights, scales, row_groups, packed, groups, first, sums, stride, next);           \
  }
CK_EACH_Q8_TILE(CK_TILE)
#undef CK_TILE

static const product_q8_kernel product_q8_kernels[CK_PRODUCT_VECTORS + 1][CK_Q8_ROWS + 1] = {
#define CK_TILE(rows, vectors) [vectors][rows] = product_q8_##rows##x##vectors,
  CK_EACH_Q8_TILE(CK_TILE)
#undef CK_TILE
};

static const size_t product_q8_tile_rows[] = {0, CK_Q8_TILE_ROWS};
