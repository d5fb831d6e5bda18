// Products with weights of any type: which packing, which panels.

static void pack_rows(
  ck_element element, const float *x, size_t stride, size_t rows, size_t columns, size_t begin, size_t end,
  void *packed) {
  if (is_quant(element)) pack_rows_quants(x, stride, rows, columns, begin, end, packed);
  else if (element == ck_q8) pack_rows_q8(x, stride, rows, columns, begin, end, packed);
  else pack_rows_f32(x, stride, rows, columns, begin, end, packed);
}

static void product(const ck_product_call *call, size_t begin, size_t end) {
  product_blocks blocks = divide_rows(call->rows);
  float *panel = call->scratch, *sums = panel + product_panel_rows * product_panel_stride;
  // Blocks of rows in groups whose sums fit.
  const size_t group = product_rows / (CK_PRODUCT_VECTORS * lanes);
  const size_t panel_rows = call->is_turned ? product_panel_rows / 16 * 16 : product_panel_rows;
  for (size_t n = begin; n < end; n += panel_rows) {
    size_t panel_end = end - n < panel_rows ? end : n + panel_rows;
    for (size_t from = 0; from < blocks.blocks; from += group) {
      size_t to = from + group < blocks.blocks ? from + group : blocks.blocks;
      size_t first_row = block_begin(blocks, from) * lanes;
      size_t stride = block_begin(blocks, to) * lanes - first_row;
      if (is_quant(call->element)) product_quants_panel(call, blocks, from, to, n, panel_end, panel, sums, stride);
      else if (call->element == ck_q8) product_q8_panel(call, blocks, from, to, n, panel_end, (int16_t *)panel, sums, stride);
      else product_panel(call, blocks, from, to, n, panel_end, panel, sums, stride);
      size_t rows = stride < call->rows - first_row ? stride : call->rows - first_row;
      write_sums(call, sums, stride, first_row, rows, n, panel_end);
    }
  }
}
