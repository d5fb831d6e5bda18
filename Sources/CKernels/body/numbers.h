// Conversions between types of numbers.

static void to_f32(ck_element element, const void *x, size_t count, float *y) {
  if (is_quant(element)) return quants_to_f32(element, x, count, y);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) store(y + i, load_as_f32(element, x, i));
  if (i < count) store_part(y + i, load_part_as_f32(element, x, i, count - i), count - i);
}

// The larger of the magnitudes of halves, lane by lane. As integers they are in order, infinities and NaN above all
// numbers.
INLINE vs larger_half(vs magnitudes, vs halves) {
  halves &= 0x7FFF;
  return magnitudes > halves ? magnitudes : halves;
}

INLINE bool are_finite_halves(vs magnitudes) { return __builtin_reduce_max(magnitudes) < 0x7C00; }

static bool f32_to_f16(const float *x, size_t count, uint16_t *y) {
  size_t i = 0;
  vs largest = 0;
  for (; i + lanes <= count; i += lanes) {
    vs halves = f32_to_half(load(x + i));
    largest = larger_half(largest, halves);
    *(vs_any *)(y + i) = halves;
  }
  if (i == count) return are_finite_halves(largest);
  uint16_t part[lanes];
  vs halves = f32_to_half(load_part(x + i, count - i));
  *(vs_any *)part = halves;
  memcpy(y + i, part, (count - i) * sizeof *y);
  return are_finite_halves(larger_half(largest, halves));
}

static bool is_finite(const float *x, size_t count) {
  vi largest = 0;
  size_t i = 0;
  for (; i < count; i += lanes) {
    vi magnitude = (count - i < lanes ? (vi)load_part(x + i, count - i) : (vi)load(x + i)) & 0x7FFFFFFF;
    largest = magnitude > largest ? magnitude : largest;
  }
  return __builtin_reduce_max(largest) < 0x7F800000;
}
