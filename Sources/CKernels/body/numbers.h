// Conversions between types of numbers.

static void to_f32(ck_element element, const void *x, size_t count, float *y) {
  if (is_quant(element)) return quants_to_f32(element, x, count, y);
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
