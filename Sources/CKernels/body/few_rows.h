// Products with few rows of activations, where reading the weights is what takes the time. Both lie with their columns
// across the lanes, so nothing is packed, and each weight is read once for all rows of a block.
//
// Every sum has one accumulator, whose lanes are added up at the end, whatever the size of the block.

// How far ahead weights are asked for, in bytes: several rows at a time, where the next ones begin, or further on.
INLINE size_t few_rows_ahead(int weight_rows, size_t row_bytes) {
  return weight_rows > 1 && weight_rows * row_bytes > CK_FEW_AHEAD ? weight_rows * row_bytes : CK_FEW_AHEAD;
}

// sums[w][x] = Σ_j weights[row + w][j] · x[x][j].
INLINE void dot_tile(
  const int weight_rows, const int rows, const ck_element element, const void *weights, size_t columns, size_t row,
  const float *x, size_t x_stride, float sums[CK_FEW_ROWS_TILE]) {
  vf c[CK_FEW_ROWS_TILE] = {0};
  size_t j = 0;
  const size_t row_bytes = columns * element_bytes(element);
  const char *next = (const char *)weights + row * row_bytes + few_rows_ahead(weight_rows, row_bytes);
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

// Weights of eight bits meet activations of sixteen, two to a lane: as exact as the weights can use, and a third of the
// instructions that numbers in f32 would take. Sums of a group are exact; where they begin, what the weights are off by
// is taken off.
//
//     packed  rows × { groups × few_group; float scale[groups] }, each row at a multiple of 64 bytes
typedef struct {
  vi start;            // -128 · the activations of each lane
  int16_t x[ck_q8_group];
} few_group;

enum { few_lane_columns = 2 * lanes };

INLINE size_t few_packed_row(size_t groups) { return round_up(groups * (sizeof(few_group) + sizeof(float)), 64); }

static void pack_few_rows(const float *x, size_t stride, size_t rows, size_t columns, void *packed) {
  typedef int16_t v16x16 __attribute__((ext_vector_type(16)));
  size_t groups = (columns + ck_q8_group - 1) / ck_q8_group;
  for (size_t row = 0; row < rows; row++) {
    few_group *y = (few_group *)((char *)packed + row * few_packed_row(groups));
    float *scales = (float *)(y + groups);
    for (size_t g = 0; g < groups; g++) {
      vf numbers[4], magnitude = splat(0);
      load_group(ck_f32, x + row * stride, g * ck_q8_group, columns - g * ck_q8_group, numbers);
      for (int i = 0; i < 4; i++) magnitude = max(magnitude, (vf)((vi)numbers[i] & 0x7FFFFFFF));
      float largest = max_lanes(magnitude), inverse = largest > 0 ? 32767 / largest : 0;
      for (int i = 0; i < 4; i++) {
        v16x16 rounded = __builtin_convertvector(round_lanes(numbers[i] * inverse), v16x16);
        memcpy(y[g].x + i * lanes, &rounded, sizeof rounded);
      }
      vi start = 0;
      for (size_t i = 0; i < ck_q8_group; i += few_lane_columns)
        start = multiply_add_pairs(start, *(const vi_any *)(y[g].x + i), (vi)(int32_t)0xFF80FF80);
      y[g].start = start;
      scales[g] = largest / 32767;
    }
  }
}

// sums[w][x] = Σ_j weights[row + w][j] · x[x][j].
INLINE void dot_tile_q8(
  const int weight_rows, const int rows, const ck_few_rows_call *call, size_t row, size_t first,
  float sums[CK_FEW_ROWS_TILE]) {
  typedef uint8_t bytes __attribute__((ext_vector_type(32), aligned(1)));
  typedef int16_t pairs __attribute__((ext_vector_type(32)));
  vf c[CK_FEW_ROWS_TILE] = {0};
  size_t groups = (call->columns + ck_q8_group - 1) / ck_q8_group, row_bytes = groups * ck_q8_group;
  const uint8_t *weights = (const uint8_t *)call->weights + row * row_bytes;
  const float *scales = call->scales + row * groups;
  const few_group *x[CK_FEW_ROWS];
#pragma clang loop unroll(full)
  for (int i = 0; i < rows; i++)
    x[i] = (const few_group *)((const char *)call->packed + (first + i) * few_packed_row(groups));
  for (size_t g = 0; g < groups; g++) {
    vi part[CK_FEW_ROWS_TILE];
#pragma clang loop unroll(full)
    for (int w = 0; w < weight_rows; w++) {
      __builtin_prefetch(weights + w * row_bytes + g * ck_q8_group + few_rows_ahead(weight_rows, row_bytes));
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) part[w * rows + i] = x[i][g].start;
    }
#pragma clang loop unroll(full)
    for (size_t j = 0; j < ck_q8_group; j += few_lane_columns) {
      vi a[CK_FEW_ROWS];
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++) a[i] = *(const vi_any *)(x[i][g].x + j);
#pragma clang loop unroll(full)
      for (int w = 0; w < weight_rows; w++) {
        vi b = (vi)__builtin_convertvector(*(const bytes *)(weights + w * row_bytes + g * ck_q8_group + j), pairs);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) part[w * rows + i] = multiply_add_pairs(part[w * rows + i], b, a[i]);
      }
    }
#pragma clang loop unroll(full)
    for (int w = 0; w < weight_rows; w++)
#pragma clang loop unroll(full)
      for (int i = 0; i < rows; i++)
        c[w * rows + i] += __builtin_convertvector(part[w * rows + i], vf) *
                           (scales[w * groups + g] * ((const float *)(x[i] + groups))[g]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < weight_rows * rows; i++) sums[i] = sum_lanes(c[i]);
}

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
  if ((rows == 1 || element == ck_q8) && call->columns < few_columns) dot_block(1, rows, element, call, first, begin, end);
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
