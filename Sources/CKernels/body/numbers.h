// Conversions, and the layout of keys and values.

static void to_f32(ck_element element, const void *x, size_t count, float *y) {
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) store(y + i, load_as_f32(element, x, i));
  if (i < count) store_part(y + i, load_part_as_f32(element, x, i, count - i), count - i);
}

static void f32_to_f16(const float *x, size_t count, uint16_t *y) {
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) *(vs_any *)(y + i) = f32_to_half(load(x + i));
  if (i == count) return;
  uint16_t part[lanes];
  *(vs_any *)part = f32_to_half(load_part(x + i, count - i));
  memcpy(y + i, part, (count - i) * sizeof *y);
}

// Column `column` of a tile: a scattered store of one token's key. A whole tile goes row by row instead.
static void store_keys(
  ck_element element, size_t dimension, const float *x, size_t stride, size_t first, size_t count, void *keys) {
  for (size_t i = 0; i < count;) {
    size_t token = first + i, column = token % ck_tile_tokens;
    size_t tile = (token - column) * dimension;
    size_t used = ck_tile_tokens - column < count - i ? ck_tile_tokens - column : count - i;
    const float *rows = x + i * stride;
    for (size_t d = 0; d < dimension; d++) {
      float line[lanes] = {0};
      for (size_t t = 0; t < used; t++) line[t] = rows[t * stride + d];
      size_t at = tile + d * ck_tile_tokens + column;
      if (element == ck_f32) memcpy((float *)keys + at, line, used * sizeof(float));
      else f32_to_f16(line, used, (uint16_t *)keys + at);
    }
    i += used;
  }
}

static void store_values(
  ck_element element, size_t dimension, const float *x, size_t stride, size_t first, size_t count, void *values) {
  for (size_t i = 0; i < count; i++) {
    size_t at = (first + i) * dimension;
    if (element == ck_f32) memcpy((float *)values + at, x + i * stride, dimension * sizeof(float));
    else f32_to_f16(x + i * stride, dimension, (uint16_t *)values + at);
  }
}
