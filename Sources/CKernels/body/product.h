// Products of activations and weights. The activations are packed with their rows across the lanes, and each weight is
// spread over a vector: so weights need no transposition, only their conversion to f32, and that once for all rows.
//
//     packed  blocks of V · 16 rows, each [columns][V · 16], the rows past the last one zero
//
// Weights are taken in panels of product_panel_rows × product_panel_columns, converted, and met with each block of
// rows; the sums of panels are added up in transposed form, [weight row][row]. A sum's order depends on the number of
// columns alone, and at most product_panel_columns products are added one after the other, which keeps the rounding
// small.

enum {
  product_panel_rows = CK_PRODUCT_PANEL_ROWS,
  product_panel_columns = 384,
  // From one weight row to the next in a panel: not a power of two, which would crowd one set of the cache.
  product_panel_stride = product_panel_columns + lanes,
  // Rows of activations whose sums wait at once.
  product_rows = 528,
};

// Rows are shared out evenly between the fewest blocks of at most CK_PRODUCT_VECTORS vectors.
typedef struct {
  size_t vectors;
  size_t blocks;
} product_blocks;

INLINE product_blocks divide_rows(size_t rows) {
  size_t vectors = (rows + lanes - 1) / lanes;
  return (product_blocks){vectors, (vectors + CK_PRODUCT_VECTORS - 1) / CK_PRODUCT_VECTORS};
}

INLINE size_t block_begin(product_blocks b, size_t block) { return b.vectors * block / b.blocks; }

// The weights that are wanted after these, to be asked for while these are at work: `rows` rows, `stride` bytes apart.
typedef struct {
  const char *weights;
  size_t stride;
  size_t rows;
  size_t bytes_per_column;
} product_prefetch;

INLINE void prefetch_weights(const product_prefetch *next, size_t column, size_t columns) {
  const char *line = next->weights + column * next->bytes_per_column;
  for (size_t r = 0; r < next->rows; r++, line += next->stride)
    for (size_t at = 0; at < columns * next->bytes_per_column; at += 64) __builtin_prefetch(line + at, 0, 2);
}

// sums[r][v] = or += Σ_i panel[r][i] · packed[i][v].
INLINE void product_tile(
  const int rows, const int vectors, const float *panel, const float *packed, size_t columns, bool first, float *sums,
  size_t sums_stride, const product_prefetch *next) {
  vf c[CK_PRODUCT_ROWS][CK_WIDE];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) c[r][v] = splat(0);
  const size_t step = next->rows ? 32 : columns;
  for (size_t i = 0; i < columns; i += step) {
    size_t count = columns - i < step ? columns - i : step;
    prefetch_weights(next, i, step);
    multiply_add(
      rows, vectors, ck_f32, panel + i, 1, product_panel_stride, packed + i * vectors * lanes, vectors * lanes, lanes,
      (multiply_scales){0}, count, c);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      float *sum = sums + r * sums_stride + v * lanes;
      store(sum, first ? c[r][v] : load(sum) + c[r][v]);
    }
}

typedef void (*product_kernel)(const float *, const float *, size_t, bool, float *, size_t, const product_prefetch *);

#define CK_TILE(rows, vectors)                                                                                        \
  static void product_##rows##x##vectors(                                                                             \
    const float *panel, const float *packed, size_t columns, bool first, float *sums, size_t stride,                  \
    const product_prefetch *next) {                                                                                   \
    product_tile(rows, vectors, panel, packed, columns, first, sums, stride, next);                                   \
  }
CK_EACH_PRODUCT_TILE(CK_TILE)
#undef CK_TILE

static const product_kernel product_kernels[CK_PRODUCT_VECTORS + 1][CK_PRODUCT_ROWS + 1] = {
#define CK_TILE(rows, vectors) [vectors][rows] = product_##rows##x##vectors,
  CK_EACH_PRODUCT_TILE(CK_TILE)
#undef CK_TILE
};

// The most weight rows that a tile of so many vectors takes.
static const size_t product_tile_rows[] = {0, CK_PRODUCT_TILE_ROWS};

static void pack_rows_f32(
  const float *x, size_t stride, size_t rows, size_t columns, size_t begin, size_t end, float *packed) {
  product_blocks b = divide_rows(rows);
  for (size_t block = 0; block < b.blocks; block++) {
    size_t first = block_begin(b, block) * lanes, width = block_begin(b, block + 1) * lanes - first;
    float *y = packed + first * columns;
    for (size_t v = 0; v < width; v += lanes)
      for (size_t j = begin; j < end; j += lanes) {
        vf tile[lanes];
        size_t count = end - j < lanes ? end - j : lanes;
        for (size_t r = 0; r < lanes; r++) {
          size_t row = first + v + r;
          const float *source = x + row * stride + j;
          tile[r] = row >= rows ? splat(0) : count == lanes ? load(source) : load_part(source, count);
        }
        transpose(tile);
        for (size_t i = 0; i < count; i++) store(y + (j + i) * width + v, tile[i]);
      }
  }
}

INLINE void convert_panel(
  const ck_element element, const void *weights, size_t columns, size_t row, size_t rows, size_t column, size_t count,
  float *panel) {
  for (size_t r = 0; r < rows; r++) {
    size_t at = (row + r) * columns + column, i = 0;
    float *y = panel + r * product_panel_stride;
    for (; i + lanes <= count; i += lanes) store(y + i, load_as_f32(element, weights, at + i));
    if (i < count) store(y + i, load_part_as_f32(element, weights, at + i, count - i));
  }
}

static void convert_weights(
  ck_element element, const void *weights, size_t columns, size_t row, size_t rows, size_t column, size_t count,
  float *panel) {
  switch (element) {
  case ck_f32: convert_panel(ck_f32, weights, columns, row, rows, column, count, panel); break;
  case ck_f16: convert_panel(ck_f16, weights, columns, row, rows, column, count, panel); break;
  case ck_bf16: convert_panel(ck_bf16, weights, columns, row, rows, column, count, panel); break;
  default: break;  // never converted: see product_q8.h and product_quants.h
  }
}

// output[row][begin + r] = sums[r][row] + bias, or added to what is there.
static void write_sums(
  const ck_product_call *call, const float *sums, size_t sums_stride, size_t first_row, size_t rows, size_t begin,
  size_t end) {
  for (size_t n = begin; n < end; n += lanes) {
    size_t count = end - n < lanes ? end - n : lanes;
    vf bias = splat(0);
    if (call->bias) bias = count == lanes ? load(call->bias + n) : load_part(call->bias + n, count);
    for (size_t m = 0; m < rows; m += lanes) {
      vf tile[lanes];
      for (size_t r = 0; r < lanes; r++)
        tile[r] = r < count ? load(sums + (n - begin + r) * sums_stride + m) : splat(0);
      transpose(tile);
      for (size_t r = 0; r < lanes && m + r < rows; r++) {
        float *y = call->output + (first_row + m + r) * call->output_stride + n;
        vf sum = tile[r] + bias;
        if (count == lanes) store(y, call->adding ? load(y) + sum : sum);
        else store_part(y, call->adding ? load_part(y, count) + sum : sum, count);
      }
    }
  }
}

// The columns of panel p of `panels`.
INLINE size_t panel_column(size_t columns, size_t panels, size_t p) {
  size_t column = round_up(columns * p / panels, lanes);
  return column < columns ? column : columns;
}
