// Matrix times vector: four rows at a time, so that x is loaded once for four and additions do not wait.

INLINE void dot_rows(
  const int rows, const ck_element element, const void *w, const float *x, size_t columns, size_t row, float *sums) {
  vf s[4][2] = {0};
  size_t j = 0;
  for (; j + 2 * lanes <= columns; j += 2 * lanes) {
    vf a = load(x + j), b = load(x + j + lanes);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
      s[r][0] += a * load_as_f32(element, w, (row + r) * columns + j);
      s[r][1] += b * load_as_f32(element, w, (row + r) * columns + j + lanes);
    }
  }
  for (; j < columns; j += lanes) {
    size_t rest = columns - j < lanes ? columns - j : lanes;
    vf a = load_part(x + j, rest);
    for (int r = 0; r < rows; r++) s[r][0] += a * load_part_as_f32(element, w, (row + r) * columns + j, rest);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) sums[r] = sum_lanes(s[r][0] + s[r][1]);
}

INLINE void gemv_of(
  const ck_element element, const void *w, const float *x, const float *bias, size_t columns, size_t begin, size_t end,
  float *y) {
  size_t row = begin;
  float sums[4];
  for (; row + 4 <= end; row += 4) {
    dot_rows(4, element, w, x, columns, row, sums);
    for (int r = 0; r < 4; r++) y[row + r] = sums[r] + (bias ? bias[row + r] : 0);
  }
  for (; row < end; row++) {
    dot_rows(1, element, w, x, columns, row, sums);
    y[row] = sums[0] + (bias ? bias[row] : 0);
  }
}

static void gemv(
  ck_element element, const void *w, const float *x, const float *bias, size_t columns, size_t begin, size_t end,
  float *y) {
  switch (element) {
  case ck_f32: gemv_of(ck_f32, w, x, bias, columns, begin, end, y); break;
  case ck_f16: gemv_of(ck_f16, w, x, bias, columns, begin, end, y); break;
  case ck_bf16: gemv_of(ck_bf16, w, x, bias, columns, begin, end, y); break;
  }
}
