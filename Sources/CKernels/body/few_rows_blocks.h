// Products of few rows with weights of any type: how many rows of both at a time.

INLINE void dot_block(
  const int weight_rows, const int rows, const bool follows, const ck_element element, const ck_few_rows_call *call,
  size_t first, size_t begin, size_t end) {
  float sums[CK_FEW_ROWS_TILE];
  const float *x = call->x + first * call->x_stride;
  float *y = call->output + first * call->output_stride;
  for (size_t n = begin; n < end;) {
    int count = end - n >= (size_t)weight_rows ? weight_rows : 1;
    if (rows == 1 && follows && call->columns > few_most_columns)
      sums[0] = dot_row(true, element, call->weights, call->columns, n, x);
    else if (rows == 1 && follows) sums[0] = dot_row(false, element, call->weights, call->columns, n, x);
    else if (count == weight_rows)
      dot_tile(weight_rows, rows, follows, element, call->weights, call->columns, n, x, call->x_stride, sums);
    else dot_tile(1, rows, follows, element, call->weights, call->columns, n, x, call->x_stride, sums);
    for (int w = 0; w < count; w++) {
      float bias = call->bias ? call->bias[n + w] : 0;
      for (int i = 0; i < rows; i++) {
        float *z = y + i * call->output_stride + n + w;
        float sum = sums[w * rows + i] + bias;
        *z = call->adding ? *z + sum : sum;
      }
    }
    n += count;
  }
}

// One row of activations: one weight row at a time reads memory in order, which on some CPUs is always worth more than an
// activation that serves several, on others with short rows of weights alone.
INLINE void dot_blocks(
  const int weight_rows, const int rows, const ck_element element, const ck_few_rows_call *call, size_t first,
  size_t begin, size_t end) {
  if (ck_memory_here.follows_streams)
    dot_block(rows == 1 ? 1 : weight_rows, rows, true, element, call, first, begin, end);
  else if (rows == 1 && call->columns < CK_FEW_COLUMNS) dot_block(1, rows, false, element, call, first, begin, end);
  else dot_block(weight_rows, rows, false, element, call, first, begin, end);
}

#define CK_BLOCK(weight_rows, rows)                                                                                   \
  static void few_rows_##rows(const ck_few_rows_call *call, size_t first, size_t begin, size_t end) {                 \
    switch (call->element) {                                                                                          \
    case ck_f32: dot_blocks(weight_rows, rows, ck_f32, call, first, begin, end); break;                               \
    case ck_f16: dot_blocks(weight_rows, rows, ck_f16, call, first, begin, end); break;                               \
    case ck_bf16: dot_blocks(weight_rows, rows, ck_bf16, call, first, begin, end); break;                             \
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

static void few_rows_of_numbers(const ck_few_rows_call *call, size_t begin, size_t end) {
  size_t blocks = (call->rows + CK_FEW_ROWS - 1) / CK_FEW_ROWS;
  for (size_t block = 0; block < blocks; block++) {
    size_t first = call->rows * block / blocks, next = call->rows * (block + 1) / blocks;
    few_rows_blocks[next - first](call, first, begin, end);
  }
}

// With weights of eight bits or less: up to three or four rows one weight row after the other. Above that, panels; or, with
// smaller registers, several times as few. Each row has the same bits on both ways.
#if CK_WIDTH == 512
enum { few_packed_rows = few_panel_most_rows };
#define CK_MORE_ROWS(element)                                                                                         \
  if (rows == 4 && element == ck_q8) few_rows_in_order(4, element, call, first, begin, end);            \
  else few_rows_in_panels(element, call, first, rows, begin, end);
#else
enum { few_packed_rows = 4 };
#define CK_MORE_ROWS(element) few_rows_in_order(4, element, call, first, begin, end);
#endif

#define CK_PACKED(element)                                                                                            \
  static NOT_INLINE void few_##element(                                                                               \
    const ck_few_rows_call *call, size_t first, size_t rows, size_t begin, size_t end) {                              \
    switch (rows) {                                                                                                   \
    case 1: few_rows_in_order(1, element, call, first, begin, end); break;                                            \
    case 2: few_rows_in_order(2, element, call, first, begin, end); break;                                            \
    case 3: few_rows_in_order(3, element, call, first, begin, end); break;                                            \
    default: CK_MORE_ROWS(element) break;                                                                             \
    }                                                                                                                 \
  }
CK_EACH_QUANT(CK_PACKED) CK_PACKED(ck_q8)
#undef CK_PACKED
#undef CK_MORE_ROWS

static void pack_few_rows(
  ck_element element, const float *x, size_t stride, size_t rows, size_t columns, void *packed) {
  pack_few_in_order(element, x, stride, rows, columns, packed);
#if CK_HAS_FEW_LANES
  if (element == ck_q8 && rows >= few_lanes_least_rows) pack_few_lanes(packed, rows, columns);
#endif
}

static void few_rows(const ck_few_rows_call *call, size_t begin, size_t end) {
  if (!is_quant(call->element) && call->element != ck_q8) return few_rows_of_numbers(call, begin, end);
#if CK_HAS_FEW_LANES
  if (call->element == ck_q8 && call->rows >= few_lanes_least_rows) begin = few_rows_in_lanes(call, begin, end);
#endif
  size_t blocks = (call->rows + few_packed_rows - 1) / few_packed_rows;
  for (size_t block = 0; block < blocks; block++) {
    size_t first = call->rows * block / blocks, rows = call->rows * (block + 1) / blocks - first;
#if CK_HAS_TURNED
    if (call->is_turned) {
      few_rows_turned(call, first, rows, begin, end);
      continue;
    }
#endif
    switch (call->element) {
#define CK_PACKED(element) \
  case element: few_##element(call, first, rows, begin, end); break;
      CK_EACH_QUANT(CK_PACKED) CK_PACKED(ck_q8)
#undef CK_PACKED
    default: break;
    }
  }
}
