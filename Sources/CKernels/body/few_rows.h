// Products with few rows of activations, where reading the weights is what takes the time. Both lie with their columns
// across the lanes, so nothing is packed, and each weight is read once for all rows of a block.
//
// Every sum has one accumulator, whose lanes are added up at the end, whatever the size of the block.

// How far ahead weights are asked for, in bytes: several rows at a time, where the next ones begin, or further on.
INLINE size_t few_rows_ahead(int weight_rows, size_t row_bytes) {
  return weight_rows > 1 && weight_rows * row_bytes > CK_FEW_AHEAD ? weight_rows * row_bytes : CK_FEW_AHEAD;
}

// sums[w][x] = Σ_j weights[row + w][j] · x[x][j]. What is asked for ahead comes into the first cache or the second one.
INLINE void dot_tile(
  const int weight_rows, const int rows, const bool into_second, const ck_element element, const void *weights,
  size_t columns, size_t row, const float *x, size_t x_stride, float sums[CK_FEW_ROWS_TILE]) {
  vf c[CK_FEW_ROWS_TILE] = {0};
  size_t j = 0;
  const size_t row_bytes = columns * element_bytes(element);
  const char *next = (const char *)weights + row * row_bytes + few_rows_ahead(weight_rows, row_bytes);
  for (; j + lanes <= columns; j += lanes) {
    // The rows after these: memory's own look-ahead starts anew with each row.
    if (j % (64 / element_bytes(element)) == 0)
#pragma clang loop unroll(full)
      for (int w = 0; w < weight_rows; w++) {
        const char *line = next + (w * columns + j) * element_bytes(element);
        if (into_second) __builtin_prefetch(line, 0, 2);
        else __builtin_prefetch(line);
      }
    vf a[CK_FEW_ROWS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) a[i] = load(x + i * x_stride + j);
#pragma clang loop unroll(full)
    for (int w = 0; w < weight_rows; w++) {
      vf b = load_as_f32(element, weights, (row + w) * columns + j);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) c[w * rows + i] += a[i] * b;
    }
  }
  if (j < columns) {
#pragma clang loop unroll(full)
    for (int w = 0; w < weight_rows; w++) {
      vf b = load_part_as_f32(element, weights, (row + w) * columns + j, columns - j);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) c[w * rows + i] += load_part(x + i * x_stride + j, columns - j) * b;
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < weight_rows * rows; i++) sums[i] = sum_lanes(c[i]);
}

// Columns of which the activations leave the first cache too little room for weights that come of their own accord.
enum { few_most_columns = 4096 };

// The same bits for one row of each, in order, eight lanes at a time: for CPUs whose memory follows one stream of small
// loads best, without being asked, as long as the first cache has room for what it brings.
INLINE float dot_row(
  const bool asks_ahead, const ck_element element, const void *weights, size_t columns, size_t row, const float *x) {
  v8f low = 0, high = 0;
  size_t j = 0, at = row * columns;
  for (; j + lanes <= columns; j += lanes) {
    if (asks_ahead && j % (64 / element_bytes(element)) == 0)
      __builtin_prefetch((const char *)weights + (at + columns + j) * element_bytes(element), 0, 2);
    low += load_eight_as_f32(ck_f32, x, j) * load_eight_as_f32(element, weights, at + j);
    high += load_eight_as_f32(ck_f32, x, j + 8) * load_eight_as_f32(element, weights, at + j + 8);
  }
  vf c;
  c.lo = low;
  c.hi = high;
  if (j < columns)
    c += load_part(x + j, columns - j) * load_part_as_f32(element, weights, at + j, columns - j);
  return sum_lanes(c);
}
