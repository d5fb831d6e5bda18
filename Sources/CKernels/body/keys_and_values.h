// The tiles in which keys and values of a head are kept; see `ck_kv_run`.

enum { kv_q8_group = 32 };

INLINE size_t kv_groups(size_t dimension) { return (dimension + kv_q8_group - 1) / kv_q8_group; }

// Scales of a tile of eight-bit numbers lie behind them: [groups][16].
INLINE uint16_t *kv_scales(const void *tile, size_t dimension) {
  return (uint16_t *)((int8_t *)tile + dimension * ck_tile_tokens);
}

// Those of the 16 tokens of a tile for the group of dimension d.
INLINE vf load_kv_scales(const void *tile, size_t dimension, size_t d) {
  return bfloat_to_f32(*(const vs_any *)(kv_scales(tile, dimension) + d / kv_q8_group * ck_tile_tokens));
}

INLINE float scale_to_f32(uint16_t scale) {
  uint32_t bits = (uint32_t)scale << 16;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// The scale of what is infinite or NaN: an infinity.
enum { kv_no_scale = 0x7F80 };

// One token's numbers of one group: returns what they were divided by, which is rounded up, so that 127 is enough.
INLINE uint16_t quantize_token(const float *x, size_t count, int8_t q[kv_q8_group]) {
  // Compared as integers, which have NaN above all numbers.
  int32_t largest = 0;
  for (size_t d = 0; d < count; d++) {
    int32_t magnitude;
    memcpy(&magnitude, x + d, sizeof magnitude);
    magnitude &= 0x7FFFFFFF;
    if (magnitude > largest) largest = magnitude;
  }
  if (largest >= 0x7F800000) {
    memset(q, 0, count);
    return kv_no_scale;
  }
  float wanted;
  memcpy(&wanted, &largest, sizeof wanted);
  wanted /= 127;
  uint32_t bits;
  memcpy(&bits, &wanted, sizeof bits);
  uint16_t scale = (uint16_t)((bits + 0xFFFF) >> 16);
  // Below 2^-126 a scale may have no inverse: such numbers become zero.
  float inverse = scale >= 0x80 ? 1 / scale_to_f32(scale) : 0;
  for (size_t d = 0; d < count; d++) q[d] = (int8_t)__builtin_rintf(x[d] * inverse);
  return scale;
}

// Token `column` of a tile, whose numbers of one token are `step` apart. Whether all are finite.
static bool store_token_q8(
  size_t dimension, const float *x, size_t column, size_t step, int8_t *first, uint16_t *scales) {
  bool finite = true;
  for (size_t g = 0; g < kv_groups(dimension); g++) {
    size_t d = g * kv_q8_group, count = dimension - d < kv_q8_group ? dimension - d : kv_q8_group;
    int8_t q[kv_q8_group];
    uint16_t scale = quantize_token(x + d, count, q);
    finite &= scale != kv_no_scale;
    scales[g * ck_tile_tokens + column] = scale;
    for (size_t i = 0; i < count; i++) first[(d + i) * step] = q[i];
  }
  return finite;
}

// Columns column ..< column + count of a tile. Whether all are finite (looked at in halves alone).
static bool store_key_columns(
  ck_element element, size_t dimension, const float *x, size_t stride, size_t column, size_t count, char *tile) {
  size_t bytes = element_bytes(element);
  vs largest = 0;
  for (size_t d = 0; d < dimension; d += lanes) {
    size_t rest = dimension - d < lanes ? dimension - d : lanes;
    vf block[lanes];
    for (size_t t = 0; t < lanes; t++) {
      const float *source = x + t * stride + d;
      block[t] = t >= count ? splat(0) : rest == lanes ? load(source) : load_part(source, rest);
    }
    transpose(block);
    for (size_t i = 0; i < rest; i++) {
      vs halves;
      if (element == ck_f16) largest = larger_half(largest, halves = f32_to_half(block[i]));
      const void *line = element == ck_f16 ? (const void *)&halves : (const void *)&block[i];
      memcpy(tile + ((d + i) * ck_tile_tokens + column) * bytes, line, count * bytes);
    }
  }
  return are_finite_halves(largest);
}

static bool store_keys(
  ck_element element, size_t dimension, const float *x, size_t stride, size_t first, size_t count, void *keys) {
  size_t tile_bytes = ck_kv_tile_bytes(element, dimension);
  bool finite = true;
  for (size_t i = 0; i < count;) {
    size_t token = first + i, column = token % ck_tile_tokens;
    size_t used = ck_tile_tokens - column < count - i ? ck_tile_tokens - column : count - i;
    char *tile = (char *)keys + token / ck_tile_tokens * tile_bytes;
    if (element == ck_q8)
      for (size_t t = 0; t < used; t++)
        finite &= store_token_q8(
          dimension, x + (i + t) * stride, column + t, ck_tile_tokens, (int8_t *)tile + column + t,
          kv_scales(tile, dimension));
    else finite &= store_key_columns(element, dimension, x + i * stride, stride, column, used, tile);
    i += used;
  }
  return finite;
}

static bool store_values(
  ck_element element, size_t dimension, const float *x, size_t stride, size_t first, size_t count, void *values) {
  size_t tile_bytes = ck_kv_tile_bytes(element, dimension);
  bool finite = true;
  for (size_t i = 0; i < count; i++, x += stride) {
    size_t column = (first + i) % ck_tile_tokens;
    char *tile = (char *)values + (first + i) / ck_tile_tokens * tile_bytes;
    char *row = tile + column * dimension * element_bytes(element);
    if (element == ck_q8) finite &= store_token_q8(dimension, x, column, 1, (int8_t *)row, kv_scales(tile, dimension));
    else if (element == ck_f16) finite &= f32_to_f16(x, dimension, (uint16_t *)row);
    else memcpy(row, x, dimension * sizeof(float));
  }
  return finite;
}

// Keys of `tiles` tiles as f32, in the same order.
static void convert_keys(ck_element element, const void *keys, size_t dimension, size_t tiles, float *y) {
  if (element != ck_q8) {
    to_f32(element, keys, tiles * ck_tile_tokens * dimension, y);
    return;
  }
  for (size_t t = 0; t < tiles; t++) {
    const int8_t *tile = (const int8_t *)keys + t * ck_kv_tile_bytes(ck_q8, dimension);
    for (size_t d = 0; d < dimension; d++, y += lanes)
      store(y, signed_byte_to_f32(tile + d * ck_tile_tokens) * load_kv_scales(tile, dimension, d));
  }
}

// One token's values of eight bits as f32.
static void convert_row_q8(const int8_t *row, const uint16_t *scales, size_t dimension, float *y) {
  for (size_t d = 0; d < dimension; d += lanes) {
    float scale = scale_to_f32(scales[d / kv_q8_group * ck_tile_tokens]);
    if (dimension - d >= lanes) {
      store(y + d, signed_byte_to_f32(row + d) * scale);
    } else {
      int8_t part[lanes] = {0};
      memcpy(part, row + d, dimension - d);
      store(y + d, signed_byte_to_f32(part) * scale);
    }
  }
}

// Values of the first `count` tokens of some tiles as f32, `stride` numbers apart, with zeros up to the next multiple
// of 16.
static void convert_values(
  ck_element element, const void *values, size_t dimension, size_t count, size_t stride, float *y) {
  size_t tile_bytes = ck_kv_tile_bytes(element, dimension);
  for (size_t t = 0; t < count; t++, y += stride) {
    size_t column = t % ck_tile_tokens;
    const char *tile = (const char *)values + t / ck_tile_tokens * tile_bytes;
    if (element == ck_q8) {
      convert_row_q8((const int8_t *)tile + column * dimension, kv_scales(tile, dimension) + column, dimension, y);
      continue;
    }
    for (size_t d = 0; d < dimension; d += lanes) {
      size_t rest = dimension - d, at = column * dimension + d;
      store(y + d, rest >= lanes ? load_as_f32(element, tile, at) : load_part_as_f32(element, tile, at, rest));
    }
  }
}
