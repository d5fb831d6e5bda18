// Products of five rows of activations and more with weights of eight bits, for registers of 512 bits with VNNI: rows lie
// across the lanes, four columns each, and four columns of a weight row are spread over a vector as they lie. So no weight
// is turned, and nearly all that is left is multiplications. Each sum has the bits that few_rows_activations.h says.
//
// A block of up to eight rows holds high and low bytes in one vector, a block of up to sixteen in two:
//
//     block   chunks × { int32 start[16 or 32]; float scale[16]; int8 x[16 steps][16 or 32][4] }
//
// with what a sum begins at, 128 times less than nothing for each low byte, and high bytes before low ones. Blocks lie
// behind the rows that `pack_few_rows` makes, which serve for what is left of weight rows.

enum {
  // Rows from which this is worth it.
  few_lanes_least_rows = 5,
  // Weight rows at a time; a block of sixteen rows takes them in two halves.
  few_lanes_panel = lanes,
};

INLINE int few_lanes_vectors(size_t rows) { return rows <= lanes / 2 ? 1 : 2; }

// Bytes of a chunk of a block.
INLINE size_t few_lanes_chunk(int vectors) { return (size_t)(vectors + 1 + few_chunk_numbers / 4 * vectors) * sizeof(vi); }

INLINE char *few_lanes_of(const void *packed, size_t rows, size_t columns) {
  return (char *)packed + rows * few_packed_row(few_chunks(columns));
}

// Puts `count` rows that are packed, from `row` on, side by side.
INLINE void pack_lanes(
  const int vectors, const void *packed, size_t row, size_t count, size_t columns, char *block) {
  few_activations rows[lanes];
  for (size_t r = 0; r < count; r++) rows[r] = few_activations_of(packed, row + r, columns);
  for (size_t c = 0; c < few_chunks(columns); c++, block += few_lanes_chunk(vectors)) {
    vi start[2] = {0};
    vf scale = splat(0), tile[2][lanes] = {0};
    // Of one vector: rows in both halves.
    const size_t low = vectors == 1 ? 0 : 1, behind = vectors == 1 ? lanes / 2 : 0;
    for (size_t r = 0; r < count; r++) {
      memcpy(&tile[0][r], rows[r].x[c].high, sizeof(vf));
      memcpy(&tile[low][behind + r], rows[r].x[c].low, sizeof(vf));
      start[low][behind + r] = -rows[r].sum64[c] * 128;
      scale[r] = rows[r].scale[c];
    }
    memcpy(block, start, (size_t)vectors * sizeof *start);
    memcpy(block + (size_t)vectors * sizeof(vi), &scale, sizeof scale);
    vi *x = (vi *)(block + (size_t)(vectors + 1) * sizeof(vi));
    for (int v = 0; v < vectors; v++) {
      transpose(tile[v]);
      for (int s = 0; s < lanes; s++) x[s * vectors + v] = (vi)tile[v][s];
    }
  }
}

static void pack_few_lanes(const void *packed, size_t rows, size_t columns) {
  char *block = few_lanes_of(packed, rows, columns);
  for (size_t row = 0; row < rows; row += lanes) {
    size_t count = rows - row < lanes ? rows - row : lanes;
    if (few_lanes_vectors(count) == 1) pack_lanes(1, packed, row, count, columns, block);
    else pack_lanes(2, packed, row, count, columns, block);
    block += few_chunks(columns) * few_lanes_chunk(2);
  }
}

// The parts of the sums, added up in the order in which lanes are.
#define CK_ADD_PARTS(p, r) (((p[0][r] + p[4][r]) + (p[2][r] + p[6][r])) + ((p[1][r] + p[5][r]) + (p[3][r] + p[7][r])))

// Sums of weight rows with a block of rows: rows across the lanes.
INLINE void meet_lanes(
  const int weight_rows, const int vectors, const uint8_t *weights, const float *scales, size_t chunks,
  const char *block, vf sums[]) {
  const size_t row_bytes = chunks * few_chunk_numbers;
  // Of one vector a sum takes a half: high bytes and low ones are joined.
  v8f halves[8][few_lanes_panel];
  vf wholes[8][few_lanes_panel / 2];
  if (vectors == 1) memset(halves, 0, sizeof halves);
  else memset(wholes, 0, sizeof wholes);
  for (size_t chunk = 0; chunk < chunks; chunk++, block += few_lanes_chunk(vectors)) {
    const vi *start = (const vi *)block, *x = start + vectors + 1;
    const uint8_t *w = weights + chunk * few_chunk_numbers;
    // The same of the panel after this one.
    for (int r = 0; r < weight_rows; r++)
      __builtin_prefetch(w + (few_lanes_panel + (size_t)r) * row_bytes, 0, 2);
    vi c[few_lanes_panel][2];
#pragma clang loop unroll(full)
    for (int r = 0; r < weight_rows; r++)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) c[r][v] = start[v];
    // Step by step: what several at once would load is more than there are registers.
#pragma clang loop unroll(disable)
    for (int s = 0; s < few_chunk_numbers / 4; s++) {
#pragma clang loop unroll(full)
      for (int r = 0; r < weight_rows; r++) {
        int32_t four;
        memcpy(&four, w + (size_t)r * row_bytes + 4 * s, sizeof four);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) c[r][v] = multiply_add_bytes(c[r][v], (vi)(four), x[s * vectors + v]);
      }
    }
    const float *scale = (const float *)(start + vectors);
#pragma clang loop unroll(full)
    for (int r = 0; r < weight_rows; r++) {
      float of_weights = scales[(size_t)r * chunks + chunk];
      if (vectors == 1) {
        v8i all = c[r][0].hi + (c[r][0].lo << 8);
        halves[chunk % 8][r] += __builtin_convertvector(all, v8f) * (of_weights * *(const v8f *)scale);
      } else {
        vi all = c[r][1] + (c[r][0] << 8);
        wholes[chunk % 8][r] += __builtin_convertvector(all, vf) * (of_weights * *(const vf *)scale);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < weight_rows; r++) {
    if (vectors == 1) sums[r].lo = CK_ADD_PARTS(halves, r);
    else sums[r] = CK_ADD_PARTS(wholes, r);
  }
}
#undef CK_ADD_PARTS

static NOT_INLINE void meet_eight_rows(
  const uint8_t *weights, const float *scales, size_t chunks, const char *block, vf sums[few_lanes_panel]) {
  meet_lanes(few_lanes_panel, 1, weights, scales, chunks, block, sums);
}

static NOT_INLINE void meet_sixteen_rows(
  const uint8_t *weights, const float *scales, size_t chunks, const char *block, vf sums[few_lanes_panel]) {
  for (size_t r = 0; r < few_lanes_panel; r += few_lanes_panel / 2)
    meet_lanes(
      few_lanes_panel / 2, 2, weights + r * chunks * few_chunk_numbers, scales + r * chunks, chunks, block, sums + r);
}

// Whole panels of weight rows from `begin` on, with all rows; where they end.
static size_t few_rows_in_lanes(const ck_few_rows_call *call, size_t begin, size_t end) {
  const size_t chunks = few_chunks(call->columns);
  size_t n = begin;
  for (; n + few_lanes_panel <= end; n += few_lanes_panel) {
    const uint8_t *weights = (const uint8_t *)call->weights + n * chunks * few_chunk_numbers;
    const char *block = few_lanes_of(call->packed, call->rows, call->columns);
    for (size_t row = 0; row < call->rows; row += lanes, block += chunks * few_lanes_chunk(2)) {
      size_t count = call->rows - row < lanes ? call->rows - row : lanes;
      vf sums[few_lanes_panel] = {0};
      if (few_lanes_vectors(count) == 1) meet_eight_rows(weights, call->scales + n * chunks, chunks, block, sums);
      else meet_sixteen_rows(weights, call->scales + n * chunks, chunks, block, sums);
      transpose(sums);
      for (size_t r = 0; r < count; r++) {
        float *z = call->output + (row + r) * call->output_stride + n;
        vf sum = sums[r] + (call->bias ? load(call->bias + n) : splat(0));
        store(z, call->adding ? load(z) + sum : sum);
      }
    }
  }
  return n;
}
