// One panel of weights against the blocks of activations: which part of both, which tile, what to ask for ahead.

#ifdef CK_HALF_ROWS
// Whether the block that begins at vector `at` has at most half a vector of rows.
INLINE bool is_half(const ck_product_call *call, size_t at) { return call->rows - at * lanes <= half_lanes; }
#endif

// Weight rows n ..< end against blocks from ..< to of the activations.
static void product_panel(
  const ck_product_call *call, product_blocks blocks, size_t from, size_t to, size_t n, size_t end, float *panel,
  float *sums, size_t stride) {
  size_t columns = call->columns, first_row = block_begin(blocks, from) * lanes;
  size_t bytes = element_bytes(call->element), rows = end - n;
  size_t panels = (columns + product_panel_columns - 1) / product_panel_columns;
  for (size_t p = 0; p < panels; p++) {
    size_t column = panel_column(columns, panels, p), next = panel_column(columns, panels, p + 1);
    for (size_t block = from; block < to; block++) {
      size_t at = block_begin(blocks, block), vectors = block_begin(blocks, block + 1) - at;
      const float *packed = (const float *)call->packed + (at * columns + column * vectors) * lanes;
      const product_kernel *kernels = product_kernels[vectors];
      size_t step = product_tile_rows[vectors];
#ifdef CK_HALF_ROWS
      if (is_half(call, at)) kernels = product_half_kernels, step = CK_HALF_ROWS;
#endif
      for (size_t r = 0; r < rows; r += step) {
        size_t count = rows - r < step ? rows - r : step;
        product_prefetch prefetch = {.rows = 0};
        if (block == from) {
          convert_weights(
            call->element, call->weights, columns, n + r, count, column, next - column,
            panel + r * product_panel_stride);
          bool last = r + step >= rows;
          size_t wanted = !last ? (n + r + step) * columns + column : p + 1 < panels ? n * columns + next : end * columns;
          prefetch = (product_prefetch){(const char *)call->weights + wanted * bytes, columns * bytes, step, bytes};
        }
        kernels[count](
          panel + r * product_panel_stride, packed, next - column, p == 0,
          sums + r * stride + at * lanes - first_row, stride, &prefetch);
      }
    }
  }
}

// Weight rows n ..< end against blocks from ..< to of the activations.
static void product_q8_panel(
  const ck_product_call *call, product_blocks blocks, size_t from, size_t to, size_t n, size_t end, int16_t *panel,
  float *sums, size_t stride) {
  size_t row_groups = (call->columns + ck_q8_group - 1) / ck_q8_group, row_bytes = row_groups * ck_q8_group;
  size_t first_row = block_begin(blocks, from) * lanes, rows = end - n;
  size_t panels = (row_groups + q8_panel_groups - 1) / q8_panel_groups;
  for (size_t p = 0; p < panels; p++) {
    size_t group = row_groups * p / panels, next = row_groups * (p + 1) / panels;
    for (size_t block = from; block < to; block++) {
      size_t at = block_begin(blocks, block), vectors = block_begin(blocks, block + 1) - at;
      const char *packed =
        (const char *)call->packed + (at * row_groups + group * vectors) * lanes * q8_packed_group;
      const product_q8_kernel *kernels = product_q8_kernels[vectors];
      size_t step = product_q8_tile_rows[vectors];
#ifdef CK_HALF_ROWS
      if (is_half(call, at)) kernels = product_q8_half_kernels, step = CK_HALF_ROWS;
#endif
      for (size_t r = 0; r < rows; r += step) {
        size_t count = rows - r < step ? rows - r : step;
        product_prefetch prefetch = {.rows = 0};
        if (block == from) {
          bool last = r + step >= rows;
          size_t row = !last ? n + r + step : p + 1 < panels ? n : end;
          size_t wanted = row * row_groups + (!last ? group : p + 1 < panels ? next : 0);
          prefetch = (product_prefetch){(const char *)call->weights + wanted * ck_q8_group, row_bytes, step, 1};
        }
        size_t begin = (n + r) * row_groups + group;
        const char *weights = (const char *)call->weights + begin * ck_q8_group;
#if !CK_VNNI
        int16_t *widened = panel + r * q8_panel_stride;
        if (block == from)
          widen_weights((const uint8_t *)weights, row_bytes, count, (next - group) * ck_q8_group, widened);
        weights = (const char *)widened;
#endif
        kernels[count](
          weights, call->scales + begin, row_groups, packed, next - group, p == 0,
          sums + r * stride + at * lanes - first_row, stride, &prefetch);
      }
    }
  }
}
