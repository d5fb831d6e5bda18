// Products with few rows of activations, where reading the weights is what takes the time. Both lie with their columns
// across the lanes, so nothing is packed, and each weight is read once for all rows of a block.
//
// Every sum has one accumulator, whose lanes are added up at the end, whatever the size of the block.

// How far ahead weights are asked for, in bytes: the rows after these, and no less than memory needs.
INLINE size_t few_rows_ahead(size_t tile_bytes) { return tile_bytes > 4096 ? tile_bytes : 4096; }

// sums[w][x] = Σ_j weights[row + w][j] · x[x][j].
INLINE void dot_tile(
  const int weight_rows, const int rows, const ck_element element, const void *weights, size_t columns, size_t row,
  const float *x, size_t x_stride, float sums[CK_FEW_ROWS_TILE]) {
  vf c[CK_FEW_ROWS_TILE] = {0};
  size_t j = 0;
  const size_t row_bytes = columns * element_bytes(element);
  const char *next = (const char *)weights + row * row_bytes + few_rows_ahead(weight_rows * row_bytes);
  for (; j + lanes <= columns; j += lanes) {
    // The rows after these: memory's own look-ahead starts anew with each row.
    if (j % (64 / element_bytes(element)) == 0)
#pragma clang loop unroll(full)
      for (int w = 0; w < weight_rows; w++) __builtin_prefetch(next + (w * columns + j) * element_bytes(element));
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

// c[w][x] += the same over `count` numbers of one group of eight-bit weights.
INLINE void dot_group_q8(
  const int weight_rows, const int rows, const ck_few_rows_call *call, const uint8_t *weights, const float *scales,
  size_t row_groups, const float *x, size_t count, vf c[CK_FEW_ROWS_TILE]) {
  vf part[CK_FEW_ROWS_TILE] = {0};
#pragma clang loop unroll(full)
  for (int w = 0; w < weight_rows; w++)
    __builtin_prefetch(weights + w * row_groups * ck_q8_group + few_rows_ahead(weight_rows * row_groups * ck_q8_group));
  for (size_t j = 0; j < count; j += lanes) {
    vf a[CK_FEW_ROWS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      const float *at = x + i * call->x_stride + j;
      a[i] = count == ck_q8_group || count - j >= lanes ? load(at) : load_part(at, count - j);
    }
#pragma clang loop unroll(full)
    for (int w = 0; w < weight_rows; w++) {
      vf b = byte_to_f32(weights + w * row_groups * ck_q8_group + j);
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) part[w * rows + i] += a[i] * b;
    }
  }
#pragma clang loop unroll(full)
  for (int w = 0; w < weight_rows; w++)
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) c[w * rows + i] += part[w * rows + i] * scales[w * row_groups];
}

// The same with weights of eight bits, which are converted on the way; activations stay as they are.
INLINE void dot_tile_q8(
  const int weight_rows, const int rows, const ck_few_rows_call *call, size_t row, const float *x,
  float sums[CK_FEW_ROWS_TILE]) {
  vf c[CK_FEW_ROWS_TILE] = {0};
  size_t whole = call->columns / ck_q8_group, rest = call->columns % ck_q8_group;
  size_t groups = whole + (rest > 0);
  const uint8_t *weights = (const uint8_t *)call->weights + row * groups * ck_q8_group;
  const float *scales = call->scales + row * groups;
  for (size_t g = 0; g < whole; g++)
    dot_group_q8(
      weight_rows, rows, call, weights + g * ck_q8_group, scales + g, groups, x + g * ck_q8_group, ck_q8_group, c);
  if (rest)
    dot_group_q8(
      weight_rows, rows, call, weights + whole * ck_q8_group, scales + whole, groups, x + whole * ck_q8_group, rest, c);
#pragma clang loop unroll(full)
  for (int i = 0; i < weight_rows * rows; i++) sums[i] = sum_lanes(c[i]);
}

INLINE void dot_block(
  const int weight_rows, const int rows, const ck_element element, const ck_few_rows_call *call, size_t first,
  size_t begin, size_t end) {
  float sums[CK_FEW_ROWS_TILE];
  const float *x = call->x + first * call->x_stride;
  float *y = call->output + first * call->output_stride;
  for (size_t n = begin; n < end;) {
    int count = end - n >= (size_t)weight_rows ? weight_rows : 1;
    if (element == ck_q8 && count == weight_rows) dot_tile_q8(weight_rows, rows, call, n, x, sums);
    else if (element == ck_q8) dot_tile_q8(1, rows, call, n, x, sums);
    else if (count == weight_rows)
      dot_tile(weight_rows, rows, element, call->weights, call->columns, n, x, call->x_stride, sums);
    else dot_tile(1, rows, element, call->weights, call->columns, n, x, call->x_stride, sums);
    for (int w = 0; w < count; w++)
      for (int i = 0; i < rows; i++) {
        float *z = y + i * call->output_stride + n + w;
        float sum = sums[w * rows + i] + (call->bias ? call->bias[n + w] : 0);
        *z = call->adding ? *z + sum : sum;
      }
    n += count;
  }
}

// One row of activations and short rows of weights: one weight row at a time reads memory in order, which is worth more
// than an activation that serves several.
INLINE void dot_blocks(
  const int weight_rows, const int rows, const ck_element element, const ck_few_rows_call *call, size_t first,
  size_t begin, size_t end) {
  size_t few_columns = element == ck_q8 ? CK_FEW_COLUMNS_Q8 : CK_FEW_COLUMNS;
  if (rows == 1 && call->columns < few_columns) dot_block(1, rows, element, call, first, begin, end);
  else dot_block(weight_rows, rows, element, call, first, begin, end);
}

#define CK_BLOCK(weight_rows, rows)                                                                                   \
  static void few_rows_##rows(const ck_few_rows_call *call, size_t first, size_t begin, size_t end) {                 \
    switch (call->element) {                                                                                          \
    case ck_f32: dot_blocks(weight_rows, rows, ck_f32, call, first, begin, end); break;                               \
    case ck_f16: dot_blocks(weight_rows, rows, ck_f16, call, first, begin, end); break;                               \
    case ck_bf16: dot_blocks(weight_rows, rows, ck_bf16, call, first, begin, end); break;                             \
    case ck_q8: dot_blocks(weight_rows, rows, ck_q8, call, first, begin, end); break;                                 \
    }                                                                                                                 \
  }
CK_EACH_FEW_ROWS(CK_BLOCK)
#undef CK_BLOCK

static void (*const few_rows_blocks[])(const ck_few_rows_call *, size_t, size_t, size_t) = {
#define CK_BLOCK(weight_rows, rows) [rows] = few_rows_##rows,
  CK_EACH_FEW_ROWS(CK_BLOCK)
#undef CK_BLOCK
};

static void few_rows(const ck_few_rows_call *call, size_t begin, size_t end) {
  size_t blocks = (call->rows + CK_FEW_ROWS - 1) / CK_FEW_ROWS;
  for (size_t block = 0; block < blocks; block++) {
    size_t first = call->rows * block / blocks, next = call->rows * (block + 1) / blocks;
    few_rows_blocks[next - first](call, first, begin, end);
  }
}
