// Products of a few more rows with weights of eight bits or less, for registers of 512 bits: a panel of sixteen weight rows
// at a time, turned so that these lie across the lanes. Weights are opened once for all rows, no sum goes across lanes, and
// four columns of an activation are spread over a vector as they lie. Each sum has the bits that few_rows_activations.h
// says. With half the registers, and two of these for a vector, it is slower than row by row.

enum {
  few_panel = lanes,
  // Steps of four columns: of a round, at most.
  few_panel_steps = 128,
};

// A round of a panel.
typedef struct {
  vi steps[few_panel_steps];
  vf scale[16], minimum[8];
} few_panel_round;

INLINE vi multiply_add_panel(vi acc, vi a, vi b) {
  return CK_VNNI ? multiply_add_bytes(acc, a, b) : multiply_add_pairs(acc, a, b);
}

// Sixteen bytes of each row become four steps.
INLINE void turn_lines(const uint8_t *first, size_t stride, vi steps[4]) {
  // Vector k holds rows k, k + 4, and so on.
  vi line[4];
#pragma clang loop unroll(full)
  for (int k = 0; k < 4; k++) {
    v4i part[few_panel / 4];
#pragma clang loop unroll(full)
    for (int r = 0; r < few_panel / 4; r++) memcpy(&part[r], first + (size_t)(k + 4 * r) * stride, sizeof part[r]);
    line[k].lo.lo = part[0];
    line[k].lo.hi = part[1];
    line[k].hi.lo = part[2];
    line[k].hi.hi = part[3];
  }
#define CK_TURN(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
  vi low01 = CK_TURN(line[0], line[1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
  vi high01 = CK_TURN(line[0], line[1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  vi low23 = CK_TURN(line[2], line[3], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
  vi high23 = CK_TURN(line[2], line[3], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
  steps[0] = CK_TURN(low01, low23, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
  steps[1] = CK_TURN(low01, low23, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  steps[2] = CK_TURN(high01, high23, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
  steps[3] = CK_TURN(high01, high23, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
#undef CK_TURN
}

INLINE vi low_nibbles(vi x) { return x & 0x0F0F0F0F; }
INLINE vi high_nibbles(vi x) { return (vi)((vu)x >> 4) & 0x0F0F0F0F; }

// Whether a panel's bytes can be turned first and opened then, because what opens one takes no other beside it.
INLINE bool turns_closed(const ck_element element) {
  return element == ck_q4_0 || element == ck_q4_1 || element == ck_q4_k || element == ck_q5_k || element == ck_q6_k;
}

// Steps of 32 columns from column 32 · j of a round on, of weights that are turned closed.
INLINE void open_block_of_panel(const ck_element element, const uint8_t *weights, size_t stride, int j, vi *steps) {
  vi closed[4];
  turn_lines(weights + (size_t)j * block_bytes(element) + (element == ck_q4_1 ? 4 : 2), stride, closed);
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++) steps[i] = low_nibbles(closed[i]), steps[4 + i] = high_nibbles(closed[i]);
}

// A whole block of 256.
INLINE void open_super_of_panel(const ck_element element, const uint8_t *weights, size_t stride, vi *steps) {
  // Lines of 16 bytes: 16 columns of one group and 16 of another.
  if (element == ck_q6_k) {
    for (size_t half = 0; half < 2; half++)
      for (size_t line = 0; line < 2; line++) {
        vi high[4], first[4], second[4];
        turn_lines(weights + 128 + 32 * half + 16 * line, stride, high);
        turn_lines(weights + 64 * half + 16 * line, stride, first);
        turn_lines(weights + 64 * half + 32 + 16 * line, stride, second);
        vi *y = steps + 32 * half + 4 * line;
        for (int i = 0; i < 4; i++) {
          y[i] = low_nibbles(first[i]) | ((high[i] << 4) & 0x30303030);
          y[8 + i] = low_nibbles(second[i]) | ((high[i] << 2) & 0x30303030);
          y[16 + i] = high_nibbles(first[i]) | (high[i] & 0x30303030);
          y[24 + i] = high_nibbles(second[i]) | ((vi)((vu)high[i] >> 2) & 0x30303030);
        }
      }
    return;
  }
  for (size_t line = 0; line < 2; line++) {
    vi fifth[4];
    if (element == ck_q5_k) turn_lines(weights + 16 + 16 * line, stride, fifth);
    for (size_t c = 0; c < 4; c++) {
      vi closed[4];
      turn_lines(weights + (element == ck_q5_k ? 48 : 16) + 32 * c + 16 * line, stride, closed);
      vi *y = steps + 16 * c + 4 * line;
      for (int i = 0; i < 4; i++) {
        y[i] = low_nibbles(closed[i]);
        y[8 + i] = high_nibbles(closed[i]);
        if (element != ck_q5_k) continue;
        y[i] |= ((fifth[i] & 0x01010101) << 4);
        y[8 + i] |= ((fifth[i] & 0x02020202) << 3);
        fifth[i] = (vi)((vu)fifth[i] >> 2);
      }
    }
  }
}

// Eight numbers of each row, turned.
INLINE void turn_scales(const v8f rows[few_panel], vf turned[8]) {
  vf tile[lanes];
  for (int r = 0; r < lanes; r++) {
    tile[r] = splat(0);
    tile[r].lo = rows[r];
  }
  transpose(tile);
  memcpy(turned, tile, 8 * sizeof *turned);
}

// Columns 32 · j ..< 32 · (j + 1) of a round as bytes.
INLINE bytes32 natural_bytes(const ck_element element, const uint8_t *round, int j) {
  if (element == ck_q8) return *(const bytes32_any *)(round + 32 * j);
  if (quant_is_super(element)) return super_bytes(element, round, (size_t)j);
  return block_numbers_as_bytes(element, round + (size_t)j * block_bytes(element));
}

// Opens `halves` times 32 columns of `count` weight rows; what a panel has past them is zero.
INLINE void open_round_of_panel(
  const ck_element element, const uint8_t *weights, size_t stride, const float *scales, size_t scales_stride,
  size_t count, size_t halves, few_panel_round *panel) {
  uint8_t none[few_panel * 512];
  if (element == ck_q8 && count == few_panel) {
    for (size_t line = 0; line < 2 * halves; line++) turn_lines(weights + 16 * line, stride, panel->steps + 4 * line);
  } else if (turns_closed(element) && count == few_panel) {
    if (quant_is_super(element)) open_super_of_panel(element, weights, stride, panel->steps);
    else
      for (size_t j = 0; j < halves; j++)
        open_block_of_panel(element, weights, stride, (int)j, panel->steps + 8 * j);
  } else {
    for (size_t r = 0; r < few_panel; r++)
      for (size_t j = 0; j < halves; j++) {
        bytes32 x = r < count ? natural_bytes(element, weights + r * stride, (int)j) : (bytes32)(0);
        memcpy(none + r * 512 + 32 * j, &x, sizeof x);
      }
    for (size_t line = 0; line < 2 * halves; line++) turn_lines(none + 16 * line, 512, panel->steps + 4 * line);
  }
  size_t units = element == ck_q8 ? halves / 2 : halves;
  v8f scale[few_panel], second[few_panel], minimum[few_panel];
  for (size_t r = 0; r < few_panel; r++) {
    round_scales s = {0};
    if (r < count) s = scales_of_round(element, weights + r * stride, scales + r * scales_stride, units);
    scale[r] = s.scale;
    if (few_unit(element) == 16) second[r] = s.second;
    if (quant_has_minimum(element)) minimum[r] = s.minimum;
  }
  turn_scales(scale, panel->scale);
  if (few_unit(element) == 16) turn_scales(second, panel->scale + 8);
  if (quant_has_minimum(element)) turn_scales(minimum, panel->minimum);
}

INLINE vi spread_four(const void *x) {
  int32_t four;
  memcpy(&four, x, sizeof four);
  return (vi)(four);
}

// Parts of each sum of a panel with a row.
INLINE size_t few_panel_parts(const int unit) { return unit == 16 ? 16 : 8; }

// `units` units of so many columns from chunk `chunk` on.
INLINE void meet_panel(
  const int rows, const int unit, const int offset, const bool minima, const few_panel_round *panel, size_t units,
  const few_activations *x, size_t chunk, vf *sums) {
  const size_t steps = (size_t)unit / 4, parts = few_panel_parts(unit);
  for (size_t u = 0; u < units; u++) {
    const vi *weights = panel->steps + u * steps;
    vi sum[CK_FEW_PANEL_ROWS], high[CK_FEW_PANEL_ROWS] = {0};
    const few_chunk *group[CK_FEW_PANEL_ROWS];
    // The first of its quarters of a chunk.
    size_t first = u * (size_t)unit % few_chunk_numbers / 16;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      group[i] = x[i].x + chunk + u * (size_t)unit / few_chunk_numbers;
      const int32_t *of_activations =
        unit == 64 ? x[i].sum64 + chunk : unit == 32 ? x[i].sum32 + 2 * chunk : x[i].sum16 + 4 * chunk;
      sum[i] = offset ? -((vi)(of_activations[u]) << offset) : (vi)(0);
    }
    // Step by step: all at once would be put in order row by row, one long chain of sums after the other.
    for (size_t quarter = first; quarter < first + (size_t)unit / 16; quarter++) {
      size_t at = few_quarter(unit != 64, quarter);
#pragma clang loop unroll_count(2)
      for (size_t s = 0; s < 4; s++) {
        vi w = *weights++;
#if CK_VNNI
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
          high[i] = multiply_add_panel(high[i], w, spread_four(group[i]->high + at + 4 * s));
          sum[i] = multiply_add_panel(sum[i], w, spread_four(group[i]->low + at + 4 * s));
        }
#else
        vi even = w & 0x00FF00FF, odd = (vi)((vu)w >> 8) & 0x00FF00FF;
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
          sum[i] = multiply_add_panel(sum[i], even, spread_four(group[i]->even + at / 2 + 2 * s));
          sum[i] = multiply_add_panel(sum[i], odd, spread_four(group[i]->odd + at / 2 + 2 * s));
        }
#endif
      }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
      vi all = CK_VNNI ? sum[i] + (high[i] << 8) : sum[i];
      vf f = __builtin_convertvector(all, vf);
      vf part = sums[(size_t)i * parts + u] + f * (panel->scale[u] * x[i].scale[chunk + u * (size_t)unit / few_chunk_numbers]);
      if (minima) part += panel->minimum[u] * x[i].total[2 * chunk + u];
      sums[(size_t)i * parts + u] = part;
    }
  }
}

// What differs between formats here: the columns of a unit, and whether there are minima.
typedef enum { few_bytes, few_groups, few_minima, few_halves } few_kind;

INLINE few_kind few_kind_of(const ck_element element) {
  if (element == ck_q8) return few_bytes;
  return quant_has_halves(element) ? few_halves : quant_has_minimum(element) ? few_minima : few_groups;
}

typedef void (*few_panel_kernel)(
  int, const few_panel_round *, size_t, const few_activations *, size_t, vf *);

#define CK_PANEL(rows)                                                                                                \
  static void meet_panel_bytes_##rows(                                                                                \
    int offset, const few_panel_round *panel, size_t units, const few_activations *x, size_t chunk,                   \
    vf *sums) {                                                                                                       \
    meet_panel(rows, 64, offset, false, panel, units, x, chunk, sums);                                                \
  }                                                                                                                   \
  static void meet_panel_groups_##rows(                                                                               \
    int offset, const few_panel_round *panel, size_t units, const few_activations *x, size_t chunk,                   \
    vf *sums) {                                                                                                       \
    meet_panel(rows, 32, offset, false, panel, units, x, chunk, sums);                                                \
  }                                                                                                                   \
  static void meet_panel_minima_##rows(                                                                               \
    int offset, const few_panel_round *panel, size_t units, const few_activations *x, size_t chunk,                   \
    vf *sums) {                                                                                                       \
    (void)offset;                                                                                                     \
    meet_panel(rows, 32, 0, true, panel, units, x, chunk, sums);                                                      \
  }                                                                                                                   \
  static void meet_panel_halves_##rows(                                                                               \
    int offset, const few_panel_round *panel, size_t units, const few_activations *x, size_t chunk,                   \
    vf *sums) {                                                                                                       \
    meet_panel(rows, 16, offset, false, panel, units, x, chunk, sums);                                                \
  }
CK_EACH_PANEL_ROW(CK_PANEL)
#undef CK_PANEL

static const few_panel_kernel few_panel_kernels[][CK_FEW_PANEL_ROWS + 1] = {
#define CK_PANEL(rows) [rows] = meet_panel_bytes_##rows,
  [few_bytes] = {CK_EACH_PANEL_ROW(CK_PANEL)},
#undef CK_PANEL
#define CK_PANEL(rows) [rows] = meet_panel_groups_##rows,
  [few_groups] = {CK_EACH_PANEL_ROW(CK_PANEL)},
#undef CK_PANEL
#define CK_PANEL(rows) [rows] = meet_panel_minima_##rows,
  [few_minima] = {CK_EACH_PANEL_ROW(CK_PANEL)},
#undef CK_PANEL
#define CK_PANEL(rows) [rows] = meet_panel_halves_##rows,
  [few_halves] = {CK_EACH_PANEL_ROW(CK_PANEL)},
#undef CK_PANEL
};

// The parts of a sum, added up in the order in which lanes are.
INLINE vf add_parts(const vf *sums, bool sixteen) {
  vf p[8];
  for (int i = 0; i < 8; i++) p[i] = sixteen ? sums[i] + sums[8 + i] : sums[i];
  return ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
}

// In place of a bias. A load that is masked out at a null pointer, which is what a condition for each number becomes, takes
// some CPUs hundreds of cycles.
static const float no_bias[few_panel];

// Of a panel that begins at weight row n, `count` rows.
INLINE void write_panel_sums(const ck_few_rows_call *call, size_t row, size_t n, size_t count, vf sum) {
  float *z = call->output + row * call->output_stride + n;
  const float *bias = call->bias ? call->bias + n : no_bias;
  if (count == few_panel) {
    vf x = sum + load(bias);
    store(z, call->adding ? load(z) + x : x);
    return;
  }
  float sums[few_panel];
  memcpy(sums, &sum, sizeof sums);
  for (size_t r = 0; r < count; r++) {
    float x = sums[r] + bias[r];
    z[r] = call->adding ? z[r] + x : x;
  }
}

// Rows of activations whose sums wait while a panel is open: all of a pass of short inputs.
enum { few_panel_most_rows = 32 };

// Weight rows begin ..< end, with activations first ..< first + rows, at most few_panel_most_rows.
INLINE void few_rows_in_panels(
  const ck_element element, const ck_few_rows_call *call, size_t first, size_t rows, size_t begin, size_t end) {
  const size_t round = few_round(element), bytes = few_round_bytes(element);
  const size_t columns = element == ck_q8 ? few_chunks(call->columns) * few_chunk_numbers : call->columns;
  const size_t row_bytes = element == ck_q8 ? columns : columns / block_numbers(element) * block_bytes(element);
  const size_t row_scales = columns / few_chunk_numbers, blocks = (rows + CK_FEW_PANEL_ROWS - 1) / CK_FEW_PANEL_ROWS;
  const size_t parts = few_panel_parts(few_unit(element));
  const few_panel_kernel *kernels = few_panel_kernels[few_kind_of(element)];
  few_activations x[few_panel_most_rows];
  vf sums[few_panel_most_rows * 16];
  few_panel_round panel;
  for (size_t i = 0; i < rows; i++) x[i] = few_activations_of(call->packed, first + i, call->columns);
  for (size_t n = begin; n < end; n += few_panel) {
    const uint8_t *weights = (const uint8_t *)call->weights + n * row_bytes;
    const float *scales = element == ck_q8 ? call->scales + n * row_scales : NULL;
    size_t count = end - n < few_panel ? end - n : few_panel;
    memset(sums, 0, rows * parts * sizeof *sums);
    for (size_t j = 0; j < columns; j += round, weights += bytes) {
      size_t halves = (columns - j < round ? columns - j : round) / 32;
      // The same of the panel after this one.
      for (size_t r = few_panel; r < 2 * few_panel; r++)
        for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch(weights + r * row_bytes + at, 0, 2);
      open_round_of_panel(
        element, weights, row_bytes, scales ? scales + j / few_chunk_numbers : NULL, row_scales, count, halves, &panel);
      size_t units = halves * 32 / (size_t)few_unit(element);
      for (size_t b = 0; b < blocks; b++) {
        size_t from = rows * b / blocks, to = rows * (b + 1) / blocks;
        kernels[to - from](few_offset_bits(element), &panel, units, x + from, j / few_chunk_numbers,
          sums + from * parts);
      }
    }
    for (size_t i = 0; i < rows; i++)
      write_panel_sums(call, first + i, n, count, add_parts(sums + i * parts, few_unit(element) == 16));
  }
}
