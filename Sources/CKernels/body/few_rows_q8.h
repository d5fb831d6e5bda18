// Products of few rows with weights of eight bits.
//
// Weights of eight bits meet activations of sixteen, two to a lane: as exact as the weights can use, and a third of the
// instructions that numbers in f32 would take. Sums of a group are exact; where they begin, what the weights are off by
// is taken off.
//
//     packed  rows × { groups × few_group; float scale[groups] }, each row at a multiple of 64 bytes
typedef struct {
  vi start;  // -128 · the activations of each lane
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
      vf numbers[4];
      load_group(ck_f32, x + row * stride, g * ck_q8_group, columns - g * ck_q8_group, numbers);
      float largest = group_magnitude(numbers), inverse = largest > 0 ? 32767 / largest : 0;
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
