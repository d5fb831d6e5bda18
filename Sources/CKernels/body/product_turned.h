// Products of many rows with turned weights: how a part of a panel becomes what product_quants.h meets with activations.

// The sums of a unit's weights, of sixteen rows.
INLINE vi sum_turned(const ck_element element, const vi *steps, size_t count) {
  vi sum = -(vi)((int32_t)(4 * count) << quant_offset_bits(element));
  if (!quant_offset_bits(element)) sum = 0;
#pragma clang loop unroll(full)
  for (size_t s = 0; s < count; s++) sum = multiply_add_bytes(sum, steps[s], (vi)(0x01010101));
  return sum;
}

// A group's steps, and its scales, minima and totals for rows at ..< at + 16 of an opened panel.
INLINE void open_turned_group(
  const ck_element element, const uint8_t *turned, size_t group, const quants_panel *panel, size_t at, size_t to,
  vi steps[8]) {
  // As total_of_group does: each operation rounded.
#pragma clang fp contract(off)
  float numbers[4][turned_rows];
  vf total, scale;
  if (quant_has_halves(element)) {
    open_turned_unit(element, turned, 2 * group, steps);
    open_turned_unit(element, turned, 2 * group + 1, steps + 4);
    scale = turned_scale(element, turned, 2 * group);
    vf second = turned_scale(element, turned, 2 * group + 1);
    store(numbers[1], second);
    vf sums[2] = {__builtin_convertvector(sum_turned(element, steps, 4), vf),
                  __builtin_convertvector(sum_turned(element, steps + 4, 4), vf)};
    total = scale * sums[0] + second * sums[1];
  } else {
    open_turned_unit(element, turned, group, steps);
    scale = turned_scale(element, turned, group);
    vf sum = __builtin_convertvector(sum_turned(element, steps, 8), vf);
    total = scale * sum;
    if (quant_has_minimum(element)) {
      vf minimum = turned_minimum(element, turned, group);
      store(numbers[2], minimum);
      total += quant_group * minimum;
    }
  }
  store(numbers[0], scale);
  store(numbers[3], total);
  for (size_t r = 0; r < turned_rows; r++) {
    float *scales = panel->scales[at + r];
    if (quant_has_halves(element)) scales[2 * to] = numbers[0][r], scales[2 * to + 1] = numbers[1][r];
    else scales[to] = numbers[0][r];
    if (quant_has_minimum(element)) panel->minima[at + r][to] = numbers[2][r];
    panel->totals[at + r][to] = numbers[3][r];
  }
}

// Groups from ..< from + count of the panels of weight rows row ..< row + rows; the first of these begins a panel.
INLINE void open_turned_rows(
  const ck_element element, const ck_product_call *call, size_t row, size_t rows, size_t from, size_t count,
  const quants_panel *panel) {
  const size_t panel_bytes = turned_panel_bytes(element, call->columns);
  const size_t group_bytes = turned_block(element) / quant_block_groups(element);
  for (size_t at = 0; at < rows; at += turned_rows) {
    const uint8_t *turned = (const uint8_t *)call->weights + (row + at) / turned_rows * panel_bytes;
    for (size_t g = 0; g < count; g += 2) {
      const uint8_t *ahead = turned + (from + g + count) * group_bytes;
      for (size_t i = 0; i < 2 * group_bytes; i += 64) __builtin_prefetch(ahead + i, 0, 2);
      vf tile[lanes] = {0};
      open_turned_group(element, turned, from + g, panel, at, g, (vi *)tile);
      bool both = g + 1 < count;
      if (both) open_turned_group(element, turned, from + g + 1, panel, at, g + 1, (vi *)tile + 8);
      transpose(tile);
      char *numbers = panel->numbers + at * quants_panel_stride + g * quants_panel_group;
      for (size_t r = 0; r < turned_rows; r++)
        memcpy(numbers + r * quants_panel_stride, &tile[r], both ? 2 * quants_panel_group : quants_panel_group);
    }
  }
}

static void open_turned_panel(
  const ck_product_call *call, size_t row, size_t rows, size_t from, size_t count, const quants_panel *panel) {
  switch (call->element) {
#define CK_TURNED(element) \
  case element: open_turned_rows(element, call, row, rows, from, count, panel); break;
    CK_EACH_TURNED(CK_TURNED)
#undef CK_TURNED
  default: break;
  }
}
