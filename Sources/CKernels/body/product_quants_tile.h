// A tile of a product with weights in blocks, included once for a whole vector of rows and once for half of one, where
// that is a register. The including file says what a vector is: TILE_LANES, tile_f, tile_i, tile_f_any, tile_i_any,
// tile_add (four or two columns a lane), and TILE(name).

// sums[r][v] = or += Σ_g scale[r][g] · scale[g][v] · (Σ_i weights[r][g][i] · x[g][i][v]) + minimum[r][g] · total[g][v]
//                       + total[r][g] · middle[g][v].
INLINE void TILE(product_quants)(
  const int rows, const int vectors, const quants_kind kind, const quants_panel *panel, size_t row,
  const char *packed, size_t groups, bool first, float *sums, size_t sums_stride, const product_prefetch *next) {
  tile_f f[CK_QUANTS_TILE_ROWS][CK_PRODUCT_VECTORS] = {0};
  const size_t width = (size_t)vectors * lanes;
  const int halves = kind == quants_halves ? 2 : 1;
  for (size_t g = 0; g < groups; g++, packed += width * quants_packed_group) {
    for (size_t r = 0; r < next->rows; r++)
      __builtin_prefetch(next->weights + r * next->stride + g * next->bytes_per_column, 0, 2);
    const float *scale = (const float *)(packed + (CK_VNNI ? 8 : 4) * width), *total = (const float *)packed;
    const char *x = (const char *)(scale + (CK_VNNI ? 2 : 1) * width);
#pragma clang loop unroll(full)
    for (int half = 0; half < halves; half++) {
      tile_i c[CK_QUANTS_TILE_ROWS][CK_PRODUCT_VECTORS];
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) {
        tile_i start = 0;
#if CK_VNNI
        const int32_t *sum = (const int32_t *)packed + v * lanes;
        if (kind == quants_halves) start = *(const tile_i_any *)(sum + half * (int)width);
        if (kind == quants_plain) start = *(const tile_i_any *)sum + *(const tile_i_any *)(sum + width);
        start = -(start << panel->offset_bits);
#endif
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) c[r][v] = start;
      }
      const char *weights = panel->numbers + g * quants_panel_group + (size_t)half * (quants_panel_group / 2);
#if CK_VNNI
#pragma clang loop unroll(full)
#else
#pragma clang loop unroll_count(2)
#endif
      for (int i = 0; i < quants_steps / halves; i++, x += width * 4) {
        tile_i a[CK_PRODUCT_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) a[v] = *(const tile_i_any *)(x + v * lanes * 4);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
          int32_t several;
          memcpy(&several, weights + (row + (size_t)r) * quants_panel_stride + i * 4, sizeof several);
          tile_i w = (tile_i)(several);
#pragma clang loop unroll(full)
          for (int v = 0; v < vectors; v++) c[r][v] = tile_add(c[r][v], w, a[v]);
        }
      }
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) {
        float w = panel->scales[row + (size_t)r][(size_t)halves * g + (size_t)half];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
          f[r][v] += __builtin_convertvector(c[r][v], tile_f) * (*(const tile_f_any *)(scale + v * lanes) * w);
      }
    }
#if CK_VNNI
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      tile_f middle = *(const tile_f_any *)(scale + width + v * lanes);
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) f[r][v] += middle * panel->totals[row + (size_t)r][g];
    }
#endif
    if (kind != quants_minima) continue;
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
#if CK_VNNI
      const int32_t *sum = (const int32_t *)packed + v * lanes;
      tile_i both = *(const tile_i_any *)sum + *(const tile_i_any *)(sum + width);
      tile_f x_total = __builtin_convertvector(both, tile_f) * *(const tile_f_any *)(scale + v * lanes);
      (void)total;
#else
      tile_f x_total = *(const tile_f_any *)(total + v * lanes);
#endif
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; r++) f[r][v] += x_total * panel->minima[row + (size_t)r][g];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      tile_f_any *sum = (tile_f_any *)(sums + (size_t)r * sums_stride + v * lanes);
      *sum = first ? f[r][v] : *sum + f[r][v];
    }
}
