// Products of few rows with weights of any type: how many rows of both at a time.

INLINE void dot_block(
  const int weight_rows, const int rows, const ck_element element, const ck_few_rows_call *call, size_t first,
  size_t begin, size_t end) {
  float sums[CK_FEW_ROWS_TILE];
  const float *x = element == ck_q8 ? NULL : call->x + first * call->x_stride;
  float *y = call->output + first * call->output_stride;
  for (size_t n = begin; n < end;) {
    int count = end - n >= (size_t)weight_rows ? weight_rows : 1;
    if (element == ck_q8 && count == weight_rows) dot_tile_q8(weight_rows, rows, call, n, first, sums);
    else if (element == ck_q8) dot_tile_q8(1, rows, call, n, first, sums);
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

// Short rows of weights, and one row of activations or weights of eight bits: one weight row at a time reads memory in
// order, which is worth more than an activation that serves several.
INLINE void dot_blocks(
  const int weight_rows, const int rows, const ck_element element, const ck_few_rows_call *call, size_t first,
  size_t begin, size_t end) {
  size_t few_columns = element == ck_q8 ? CK_FEW_COLUMNS_Q8 : CK_FEW_COLUMNS;
  bool in_order = (rows == 1 || element == ck_q8) && call->columns < few_columns;
  if (in_order) dot_block(1, rows, element, call, first, begin, end);
  else dot_block(weight_rows, rows, element, call, first, begin, end);
}

#define CK_BLOCK(weight_rows, rows)                                                                                   \
  static void few_rows_##rows(const ck_few_rows_call *call, size_t first, size_t begin, size_t end) {                 \
    switch (call->element) {                                                                                          \
    case ck_f32: dot_blocks(weight_rows, rows, ck_f32, call, first, begin, end); break;                               \
    case ck_f16: dot_blocks(weight_rows, rows, ck_f16, call, first, begin, end); break;                               \
    case ck_bf16: dot_blocks(weight_rows, rows, ck_bf16, call, first, begin, end); break;                             \
    case ck_q8: dot_blocks(weight_rows, rows, ck_q8, call, first, begin, end); break;                                 \
    default: break;                                                                                                   \
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

// With weights of any type.
static void few_rows_of(const ck_few_rows_call *call, size_t begin, size_t end) {
  if (is_quant(call->element)) few_rows_quants(call, begin, end);
  else few_rows(call, begin, end);
}

static void pack_few_rows_of(
  ck_element element, const float *x, size_t stride, size_t rows, size_t columns, void *packed) {
  if (is_quant(element)) pack_few_rows_quants(x, stride, rows, columns, packed);
  else pack_few_rows(x, stride, rows, columns, packed);
}
