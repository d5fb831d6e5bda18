// Products of many rows with weights of a few bits in blocks: opened panel by panel, once for all rows, and met with
// activations of few bits, with a scale for each 32 of a row.
//
//     with VNNI  packed  blocks of V · 16 rows, each groups × { int32 sum[2][V · 16]; float scale[V · 16];
//                                                               float middle[V · 16]; int8 x[8][V · 16][4] }
//     without    packed  blocks of V · 16 rows, each groups × { float total[V · 16]; float scale[V · 16];
//                                                               int16 x[16][V · 16][2] }
//
// Eight bits count from the middle between a group's least and greatest activation: models have groups with one number far
// from all others, which would take half of the levels for numbers that are not there. What the middles add is their product
// with the sums of the weights. Sixteen bits hold 12, as many as keep sums exact in single precision, and need no middle.
//
// What a format's numbers are off by is taken off where a sum begins, by way of the sums of the activations of each half
// of a group, or where weights are widened to 16 bits. A minimum is multiplied with the sum of all.
//
// Kinds of formats differ in these things alone, so their tiles are few: plain, with minima, with scales for halves.

enum {
  quants_steps = CK_VNNI ? 8 : 16,
  quants_packed_group = CK_VNNI ? quant_group + 16 : 2 * quant_group + 8,
  quants_levels = CK_VNNI ? 127 : 2047,
  quants_panel_groups = product_panel_columns / quant_group,
  quants_panel_group = CK_VNNI ? quant_group : 2 * quant_group,
  // From one weight row to the next in an opened panel, in bytes: not a power of two.
  quants_panel_stride = quants_panel_groups * quants_panel_group + 64,
};

typedef struct {
  char *numbers;                             // rows × [quants_panel_stride]
  float (*scales)[2 * quants_panel_groups];  // one a group, or two
  float (*minima)[quants_panel_groups];
  float (*totals)[quants_panel_groups];  // sums of weights, with VNNI
  int offset_bits;
} quants_panel;

// What tiles differ in: formats with an offset, with minima, with an offset and a scale for each half of a group.
typedef enum { quants_plain, quants_minima, quants_halves } quants_kind;

INLINE quants_kind quants_kind_of(ck_element element) {
  return quant_has_halves(element) ? quants_halves : quant_has_minimum(element) ? quants_minima : quants_plain;
}

// Where its parts lie in the scratch of a panel in f32, which is larger.
INLINE quants_panel panel_in(float *scratch, ck_element element) {
  quants_panel p = {.offset_bits = quant_offset_bits(element)};
  p.numbers = (char *)scratch;
  p.scales = (float(*)[2 * quants_panel_groups])(p.numbers + product_panel_rows * quants_panel_stride);
  p.minima = (float(*)[quants_panel_groups])(p.scales + product_panel_rows);
  p.totals = p.minima + product_panel_rows;
  return p;
}
_Static_assert(
  product_panel_rows * (quants_panel_stride + 4 * quants_panel_groups * sizeof(float)) <=
    product_panel_rows * product_panel_stride * sizeof(float),
  "an opened panel is larger than the scratch");

// A group of sixteen rows, one a lane, from its 32 columns.
INLINE void pack_group_quants(const vf columns[2][lanes], size_t width, size_t v, char *group) {
  // Magnitudes are compared as integers, which have NaN above all numbers: it must not get lost.
  vi largest = 0;
  vf least = columns[0][0], greatest = columns[0][0];
  for (int half = 0; half < 2; half++)
    for (int i = 0; i < lanes; i++) {
      vf x = columns[half][i];
      vi magnitude = (vi)x & 0x7FFFFFFF;
      largest = magnitude > largest ? magnitude : largest;
      least = x < least ? x : least;
      greatest = x > greatest ? x : greatest;
    }
  vf reach = (vf)largest, middle = splat(0);
  if (CK_VNNI) {
    vi is_finite = largest < 0x7F800000;
    middle = is_finite ? 0.5f * least + 0.5f * greatest : middle;
    reach = is_finite ? 0.5f * greatest - 0.5f * least : reach;
  }
  // Below 2^-100 there may be no inverse: such numbers become the middle.
  vf inverse = reach < 0x1p-100f ? splat(0) : quants_levels / reach, scale = reach / quants_levels;
  char *at = group + v * 4;
  memcpy(at + (CK_VNNI ? 8 : 4) * width, &scale, sizeof scale);
  if (CK_VNNI) memcpy(at + 12 * width, &middle, sizeof middle);
  char *x = at + (CK_VNNI ? 16 : 8) * width;
  const int each = CK_VNNI ? 4 : 2, bits = 32 / each;
  vi sums[2] = {0, 0};
  for (int half = 0; half < 2; half++)
    for (int i = 0; i < lanes; i += each, x += 4 * width) {
      vi line = 0;
      for (int j = 0; j < each; j++) {
        vi rounded = round_lanes((columns[half][i + j] - middle) * inverse);
        sums[half] += rounded;
        line |= (j + 1 < each ? rounded & ((1 << bits) - 1) : rounded) << bits * j;
      }
      memcpy(x, &line, sizeof line);
    }
  if (CK_VNNI) {
    for (size_t half = 0; half < 2; half++) memcpy(at + half * 4 * width, &sums[half], sizeof sums[half]);
  } else {
    vf total = __builtin_convertvector(sums[0] + sums[1], vf) * scale;
    memcpy(at, &total, sizeof total);
  }
}

static void pack_rows_quants(
  const float *x, size_t stride, size_t rows, size_t columns, size_t begin, size_t end, char *packed) {
  product_blocks b = divide_rows(rows);
  size_t groups = columns / quant_group;
  for (size_t block = 0; block < b.blocks; block++) {
    size_t first = block_begin(b, block) * lanes, width = block_begin(b, block + 1) * lanes - first;
    for (size_t g = begin / quant_group; g * quant_group < end; g++) {
      char *group = packed + (first * groups + g * width) * quants_packed_group;
      for (size_t v = 0; v < width; v += lanes) {
        vf tile[2][lanes];
        for (size_t half = 0; half < 2; half++) {
          for (size_t r = 0; r < lanes; r++) {
            size_t row = first + v + r;
            tile[half][r] = row < rows ? load(x + row * stride + g * quant_group + half * lanes) : splat(0);
          }
          transpose(tile[half]);
        }
        pack_group_quants((const vf(*)[lanes])tile, width, v, group);
      }
    }
  }
}

#if CK_VNNI
// The sum of a group's weights.
INLINE float total_of_group(const ck_element element, const quant_numbers *n) {
  typedef uint64_t quads __attribute__((ext_vector_type(4)));
  const int offset = quant_offset(element) * quant_group / 2;
  quads sums = (quads)_mm256_sad_epu8((__m256i)n->bytes, _mm256_setzero_si256());
  int first = (int)(sums[0] + sums[1]) - offset, second = (int)(sums[2] + sums[3]) - offset;
  float sum = quant_has_halves(element) ? n->scale[0] * (float)first + n->scale[1] * (float)second
                                        : n->scale[0] * (float)(first + second);
  return quant_has_minimum(element) ? sum + quant_group * n->minimum : sum;
}
#endif

// Groups from ..< from + count of weight rows row ..< row + rows, opened.
INLINE void open_rows(
  const ck_element element, const ck_product_call *call, size_t row, size_t rows, size_t from, size_t count,
  const quants_panel *panel, size_t at) {
  size_t row_bytes = call->columns / quant_group / quant_block_groups(element) * block_bytes(element);
  for (size_t r = 0; r < rows; r++) {
    const uint8_t *weights = (const uint8_t *)call->weights + (row + r) * row_bytes;
    char *numbers = panel->numbers + (at + r) * quants_panel_stride;
    for (size_t g = 0; g < count; g++) {
      quant_numbers n = unpack_group(element, weights, from + g);
#if CK_VNNI
      memcpy(numbers + g * quants_panel_group, &n.bytes, sizeof n.bytes);
      panel->totals[at + r][g] = total_of_group(element, &n);
#else
      typedef int16_t pairs __attribute__((ext_vector_type(32)));
      pairs wide = __builtin_convertvector(n.bytes, pairs) - (int16_t)quant_offset(element);
      memcpy(numbers + g * quants_panel_group, &wide, sizeof wide);
#endif
      float *scales = panel->scales[at + r];
      if (quant_has_halves(element)) scales[2 * g] = n.scale[0], scales[2 * g + 1] = n.scale[1];
      else scales[g] = n.scale[0];
      if (quant_has_minimum(element)) panel->minima[at + r][g] = n.minimum;
    }
  }
}

static void open_panel(
  const ck_product_call *call, size_t row, size_t rows, size_t from, size_t count, const quants_panel *panel,
  size_t at) {
  switch (call->element) {
#define CK_QUANT(element) \
  case element: open_rows(element, call, row, rows, from, count, panel, at); break;
    CK_EACH_QUANT(CK_QUANT)
#undef CK_QUANT
  default: break;
  }
}

#define CK_QUANTS_TILE_ROWS CK_Q8_ROWS
#define TILE(name) name##_tile
#define tile_f vf
#define tile_i vi
#define tile_f_any vf_any
#define tile_i_any vi_any
INLINE vi tile_add_whole(vi c, vi w, vi x) {
  return CK_VNNI ? multiply_add_bytes(c, w, x) : multiply_add_pairs(c, w, x);
}
#define tile_add tile_add_whole
#include "product_quants_tile.h"
#undef CK_QUANTS_TILE_ROWS
#undef TILE
#undef tile_f
#undef tile_i
#undef tile_f_any
#undef tile_i_any
#undef tile_add

typedef void (*product_quants_kernel)(
  const quants_panel *, size_t, const char *, size_t, bool, float *, size_t, const product_prefetch *);

#define CK_TILE_OF(kind, rows, vectors)                                                                               \
  static void product_##kind##_##rows##x##vectors(                                                                    \
    const quants_panel *panel, size_t row, const char *packed, size_t groups, bool first, float *sums, size_t stride, \
    const product_prefetch *next) {                                                                                   \
    product_quants_tile(rows, vectors, kind, panel, row, packed, groups, first, sums, stride, next);                  \
  }
#define CK_TILE(rows, vectors)              \
  CK_TILE_OF(quants_plain, rows, vectors)   \
  CK_TILE_OF(quants_minima, rows, vectors)  \
  CK_TILE_OF(quants_halves, rows, vectors)
CK_EACH_Q8_TILE(CK_TILE)
#undef CK_TILE

static const product_quants_kernel product_quants_kernels[][CK_PRODUCT_VECTORS + 1][CK_Q8_ROWS + 1] = {
#define CK_TILE(rows, vectors) [vectors][rows] = product_quants_plain_##rows##x##vectors,
  [quants_plain] = {CK_EACH_Q8_TILE(CK_TILE)},
#undef CK_TILE
#define CK_TILE(rows, vectors) [vectors][rows] = product_quants_minima_##rows##x##vectors,
  [quants_minima] = {CK_EACH_Q8_TILE(CK_TILE)},
#undef CK_TILE
#define CK_TILE(rows, vectors) [vectors][rows] = product_quants_halves_##rows##x##vectors,
  [quants_halves] = {CK_EACH_Q8_TILE(CK_TILE)},
#undef CK_TILE
};
#undef CK_TILE_OF

#ifdef CK_HALF_ROWS
// At most half a vector of rows: one register a sum, and twice as many weight rows. Each sum has the same bits.
#define CK_QUANTS_TILE_ROWS CK_HALF_ROWS
#define TILE(name) name##_half_tile
#define tile_f half_f
#define tile_i half_i
#define tile_f_any half_f_any
#define tile_i_any half_i_any
#define tile_add multiply_add_half
#include "product_quants_tile.h"
#undef CK_QUANTS_TILE_ROWS
#undef TILE
#undef tile_f
#undef tile_i
#undef tile_f_any
#undef tile_i_any
#undef tile_add

#define CK_TILE_OF(kind, rows)                                                                                        \
  static void product_##kind##_half_##rows(                                                                           \
    const quants_panel *panel, size_t row, const char *packed, size_t groups, bool first, float *sums, size_t stride, \
    const product_prefetch *next) {                                                                                   \
    product_quants_half_tile(rows, 1, kind, panel, row, packed, groups, first, sums, stride, next);                   \
  }
#define CK_TILE(rows) \
  CK_TILE_OF(quants_plain, rows) CK_TILE_OF(quants_minima, rows) CK_TILE_OF(quants_halves, rows)
CK_EACH_HALF_TILE(CK_TILE)
#undef CK_TILE
#undef CK_TILE_OF

static const product_quants_kernel product_quants_half_kernels[][CK_HALF_ROWS + 1] = {
#define CK_TILE(rows) [rows] = product_quants_plain_half_##rows,
  [quants_plain] = {CK_EACH_HALF_TILE(CK_TILE)},
#undef CK_TILE
#define CK_TILE(rows) [rows] = product_quants_minima_half_##rows,
  [quants_minima] = {CK_EACH_HALF_TILE(CK_TILE)},
#undef CK_TILE
#define CK_TILE(rows) [rows] = product_quants_halves_half_##rows,
  [quants_halves] = {CK_EACH_HALF_TILE(CK_TILE)},
#undef CK_TILE
};
#endif

#if CK_HAS_TURNED
#include "product_turned.h"
#endif

// Weight rows n ..< end against blocks from ..< to of the activations.
static void product_quants_panel(
  const ck_product_call *call, product_blocks blocks, size_t from, size_t to, size_t n, size_t end, float *scratch,
  float *sums, size_t stride) {
  const quants_panel panel = panel_in(scratch, call->element);
  const quants_kind kind = quants_kind_of(call->element);
  size_t row_groups = call->columns / quant_group, rows = end - n, first_row = block_begin(blocks, from) * lanes;
  size_t row_bytes = row_groups / quant_block_groups(call->element) * block_bytes(call->element);
  size_t group_bytes = block_bytes(call->element) / quant_block_groups(call->element);
  size_t panels = (row_groups + quants_panel_groups - 1) / quants_panel_groups;
  for (size_t p = 0; p < panels; p++) {
    size_t group = row_groups * p / panels, next = row_groups * (p + 1) / panels;
    for (size_t block = from; block < to; block++) {
      size_t at = block_begin(blocks, block), vectors = block_begin(blocks, block + 1) - at;
      const char *packed =
        (const char *)call->packed + (at * row_groups + group * vectors) * lanes * quants_packed_group;
      const product_quants_kernel *kernels = product_quants_kernels[kind][vectors];
      size_t step = product_q8_tile_rows[vectors];
#ifdef CK_HALF_ROWS
      if (is_half(call, at)) kernels = product_quants_half_kernels[kind], step = CK_HALF_ROWS;
#endif
      for (size_t r = 0; r < rows; r += step) {
        size_t count = rows - r < step ? rows - r : step;
        product_prefetch prefetch = {.rows = 0};
        if (block == from && call->is_turned) {
#if CK_HAS_TURNED
          if (r == 0) open_turned_panel(call, n, rows, group, next - group, &panel);
#endif
        } else if (block == from) {
          open_panel(call, n + r, count, group, next - group, &panel, r);
          bool last = r + step >= rows;
          size_t row = !last ? n + r + step : p + 1 < panels ? n : end;
          size_t column = !last ? group : p + 1 < panels ? next : 0;
          prefetch = (product_prefetch){
            (const char *)call->weights + row * row_bytes + column * group_bytes, row_bytes, step, group_bytes};
        }
        kernels[count](
          &panel, r, packed, next - group, p == 0, sums + r * stride + at * lanes - first_row, stride, &prefetch);
      }
    }
  }
}
