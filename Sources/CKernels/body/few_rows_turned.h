// Products of few rows with turned weights. Each sum has the bits that few_rows_activations.h says.

// `units` units of a panel from unit `first` on, with rows of activations.
INLINE void meet_turned(
  const int rows, const ck_element element, const uint8_t *panel, size_t first, size_t units,
  const few_activations *x, vf *sums) {
  const size_t unit = turned_unit(element), parts = few_panel_parts((int)unit), steps = unit / 4;
  const int offset = few_offset_bits(element);
  for (size_t n = 0; n < units; n++) {
    const size_t u = turned_unit_in_order(element, n);
    vi w[8];
    open_turned_unit(element, panel, first + u, w);
    const vf scale = turned_scale(element, panel, first + u);
    size_t column = (first + u) * unit, chunk = column / few_chunk_numbers;
    size_t quarter = column % few_chunk_numbers / 16;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      const int32_t *of_activations = unit == 32 ? x[i].sum32 : x[i].sum16;
      vi sum = offset ? -((vi)(of_activations[first + u]) << offset) : (vi)(0), high = 0;
#pragma clang loop unroll(full)
      for (size_t s = 0; s < steps; s++) {
        size_t at = few_quarter(true, quarter + s / 4) + 4 * (s % 4);
        high = multiply_add_bytes(high, w[s], spread_four(x[i].x[chunk].high + at));
        sum = multiply_add_bytes(sum, w[s], spread_four(x[i].x[chunk].low + at));
      }
      vf f = __builtin_convertvector(sum + (high << 8), vf);
      vf part = sums[(size_t)i * parts + u] + f * (scale * x[i].scale[chunk]);
      if (quant_has_minimum(element)) part += turned_minimum(element, panel, first + u) * x[i].total[first + u];
      sums[(size_t)i * parts + u] = part;
    }
  }
}

typedef void (*few_turned_kernel)(const uint8_t *, size_t, size_t, const few_activations *, vf *);

#define CK_TURNED_ROWS(element, rows)                                                                            \
  static void meet_turned_##element##_##rows(                                                                    \
    const uint8_t *panel, size_t first, size_t units, const few_activations *x, vf *sums) {                 \
    meet_turned(rows, element, panel, first, units, x, sums);                                                    \
  }
#define CK_TURNED(element)                                                                                       \
  CK_TURNED_ROWS(element, 1) CK_TURNED_ROWS(element, 2) CK_TURNED_ROWS(element, 3) CK_TURNED_ROWS(element, 4)    \
  CK_TURNED_ROWS(element, 5) CK_TURNED_ROWS(element, 6) CK_TURNED_ROWS(element, 7) CK_TURNED_ROWS(element, 8)
CK_EACH_TURNED(CK_TURNED)
#undef CK_TURNED
#undef CK_TURNED_ROWS

static const few_turned_kernel few_turned_kernels[][CK_FEW_PANEL_ROWS + 1] = {
#define CK_TURNED(element)                                                                                       \
  [element] = {NULL, meet_turned_##element##_1, meet_turned_##element##_2, meet_turned_##element##_3,            \
               meet_turned_##element##_4, meet_turned_##element##_5, meet_turned_##element##_6,                  \
               meet_turned_##element##_7, meet_turned_##element##_8},
  CK_EACH_TURNED(CK_TURNED)
#undef CK_TURNED
};

// Asks for what lies ahead of a round, where the CPU does not follow it, or rows keep it from it.
INLINE void ask_ahead_turned(const uint8_t *round, size_t count, size_t rows) {
  if (rows == 1 && ck_memory_here.follows_streams) return;
  for (size_t at = 0; at < count; at += 64) __builtin_prefetch(round + 8192 + at, 0, 2);
}

// Weight rows begin ..< end, the first of which begins a panel, with activations first ..< first + rows, at most
// few_panel_most_rows.
static NOT_INLINE void few_rows_turned(
  const ck_few_rows_call *call, size_t first, size_t rows, size_t begin, size_t end) {
  const ck_element element = call->element;
  const size_t unit = turned_unit(element), parts = few_panel_parts((int)unit), all = call->columns / unit;
  const size_t round = 256 / unit, blocks = (rows + CK_FEW_PANEL_ROWS - 1) / CK_FEW_PANEL_ROWS;
  const size_t panel_bytes = turned_panel_bytes(element, call->columns);
  const size_t round_bytes = 256 / block_numbers(element) * turned_block(element);
  few_activations x[few_panel_most_rows];
  vf sums[few_panel_most_rows * 16];
  for (size_t i = 0; i < rows; i++) x[i] = few_activations_of(call->packed, first + i, call->columns);
  for (size_t n = begin; n < end; n += turned_rows) {
    // Pointers of a call are to its first weight row.
    const uint8_t *panel = (const uint8_t *)call->weights + n / turned_rows * panel_bytes;
    memset(sums, 0, rows * parts * sizeof *sums);
    for (size_t u = 0; u < all; u += round) {
      size_t units = all - u < round ? all - u : round;
      ask_ahead_turned(panel + u / round * round_bytes, round_bytes, rows);
      for (size_t b = 0; b < blocks; b++) {
        size_t from = rows * b / blocks, to = rows * (b + 1) / blocks;
        few_turned_kernels[element][to - from](panel, u, units, x + from, sums + from * parts);
      }
    }
    size_t count = end - n < turned_rows ? end - n : turned_rows;
    for (size_t i = 0; i < rows; i++)
      write_panel_sums(call, first + i, n, count, add_parts(sums + i * parts, unit == 16));
  }
}
