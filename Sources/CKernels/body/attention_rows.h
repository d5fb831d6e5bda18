// One block of query rows against one block of tokens: scores, then weights, then the sum of values.
//
// Scores and weights are powers of two, not of e: log2(e) is folded into the packed queries.

enum {
  // Tokens whose scores are held at once.
  block_tokens = 128,
  block_tiles = block_tokens / ck_tile_tokens,
  // From so many rows on, keys and values are converted to f32 once for a block of tokens, not by each block of rows. What is
  // converted no longer fits the first cache, which with AVX-512 costs more than to convert a few times.
  rows_worth_converting = (CK_WIDTH == 512 ? 6 : 3) * CK_ROWS,
};

static const float log2_e = 1.44269504088896341f;
static const float ln_2 = 0.69314718055994531f;

// Asks for memory that is wanted later. It is brought into the second level of caches: the first has too few misses at a
// time to keep up with memory.
INLINE void ask_for(const char *p, size_t bytes) {
#pragma clang loop unroll(full)
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(p + i, 0, 2);
}

// No tile of a block has another to ask for.
static const char *const no_tiles[block_tiles];

// One block of rows against one block of tokens.
typedef struct {
  const float *queries;  // [head_dimension][rows]
  const char *keys;      // tiles of the block
  const char *values;
  size_t key_tile_bytes;
  size_t value_tile_bytes;
  size_t head_dimension;
  size_t padded_dimension;       // from one token's values to the next's
  int32_t begin, end;            // tokens of the block that some row sees
  const int32_t *row_begin;      // per row, in tokens of the block, clamped to it
  const int32_t *row_end;
  const int32_t *key_positions;  // NULL without ALiBi
  const int32_t *row_positions;
  const float *row_slopes;       // times log2(e)
  const uint16_t *omitted;       // NULL, or for each tile the bits of tokens that no row sees
  float softcap;                 // times log2(e); 0 without one
  bool whole;                    // whether scores need no mask, no bias and no cap, and end with a tile
  const char *const *next_keys;  // for each tile the one to ask memory for meanwhile, or NULL
  const char *const *next_values;
  float *sums;                   // rows × [padded_dimension]
  float *maxima;
  float *denominators;           // rows × [lanes], whose sums they are
} attention_block;

// scores[r][tile · 16 …] for tiles first..<first + vectors, and the largest of each lane so far.
INLINE void score_tiles(
  const int rows, const int vectors, const ck_element element, const attention_block *b, size_t first,
  float scores[CK_ROWS][block_tokens], vf largest[CK_ROWS]) {
  vf c[CK_ROWS][CK_WIDE] = {0}, lane_scales[CK_WIDE];
  const multiply_scales scales = {.lanes = element == ck_q8 ? lane_scales : NULL};
  const size_t dimension = b->head_dimension, tile = b->key_tile_bytes;
  const size_t bytes = ck_tile_tokens * element_bytes(element), step = rows == CK_ROWS ? 16 : 8;
  const char *keys = b->keys + first * tile;
  const char *const *next = b->next_keys + first;
  for (size_t d = 0; d < dimension; d += step) {
    if (element == ck_q8 && d % kv_q8_group == 0)
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) lane_scales[v] = load_kv_scales(keys + v * tile, dimension, d);
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      if (next[v]) ask_for(next[v] + d * bytes, step * bytes);
    const float *queries = b->queries + d * rows;
    const char *some = keys + d * bytes;
    const size_t vector = tile / element_bytes(element);
    if (d + step <= dimension)
      multiply_add(rows, vectors, element, queries, rows, 1, some, ck_tile_tokens, vector, scales, step, c);
    else
      multiply_add(rows, vectors, element, queries, rows, 1, some, ck_tile_tokens, vector, scales, dimension - d, c);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      store(&scores[r][(first + v) * ck_tile_tokens], c[r][v]);
      largest[r] = max(largest[r], c[r][v]);
    }
}

// sums[r][first …] = change[r] · sums[r][first …] + Σ_t scores[r][t] · values[t][first …].
INLINE void add_values(
  const int rows, const int vectors, const ck_element element, const attention_block *b, size_t first,
  const float *change, const float scores[CK_ROWS][block_tokens]) {
  const size_t row_bytes = b->padded_dimension * element_bytes(element);
  vf c[CK_ROWS][CK_WIDE];
  float step_scales[CK_WIDE][lanes];
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++)
      c[r][v] = load(b->sums + r * b->padded_dimension + first + v * lanes) * change[r];
  const bool asks = b->next_values != no_tiles;
  int32_t t = b->begin;
  if (element != ck_q8 && !asks) {  // the tiles follow each other without gaps
    multiply_add(
      rows, vectors, element, &scores[0][t], 1, block_tokens,
      b->values + t * row_bytes + first * element_bytes(element), b->padded_dimension, lanes, (multiply_scales){0},
      b->end - t, c);
    t = b->end;
  }
  for (int32_t next; t < b->end; t = next) {
    int32_t start = t / ck_tile_tokens * ck_tile_tokens;
    next = start + ck_tile_tokens < b->end ? start + ck_tile_tokens : b->end;
    const char *tile = b->values + t / ck_tile_tokens * b->value_tile_bytes;
    multiply_scales scales = {0};
    if (element == ck_q8) {
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++)
        store(step_scales[v], load_kv_scales(tile, b->head_dimension, first + v * lanes));
      scales.steps = (const float (*)[lanes])(&step_scales[0][t - start]);
    }
    const char *ahead = b->next_values[t / ck_tile_tokens];
    if (ahead)
      for (int i = 0; i < ck_tile_tokens; i++)
        ask_for(ahead + i * row_bytes + first * element_bytes(element), vectors * lanes * element_bytes(element));
    const char *some = tile + (t - start) * row_bytes + first * element_bytes(element);
    const float *weights = &scores[0][t];
    if (next - t == ck_tile_tokens)
      multiply_add(
        rows, vectors, element, weights, 1, block_tokens, some, b->padded_dimension, lanes, scales, ck_tile_tokens, c);
    else
      multiply_add(
        rows, vectors, element, weights, 1, block_tokens, some, b->padded_dimension, lanes, scales, next - t, c);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) store(b->sums + r * b->padded_dimension + first + v * lanes, c[r][v]);
}

// scores = cap · tanh(scores / cap).
static void cap_scores(int rows, int first_tile, int end_tile, float cap, float scores[CK_ROWS][block_tokens]) {
  float inverse = 1 / cap;
  for (int r = 0; r < rows; r++)
    for (float *s = scores[r] + first_tile * lanes; s < scores[r] + end_tile * lanes; s += lanes)
      store(s, cap * tanh_lanes(load(s) * inverse));
}

// Adds biases to the scores of one row and hides what it does not see; the largest of each lane.
INLINE vf mask_row(const attention_block *b, int row, float scores[block_tokens]) {
  int begin = b->row_begin[row], end = b->row_end[row];
  int first_tile = b->begin / ck_tile_tokens, end_tile = (b->end + ck_tile_tokens - 1) / ck_tile_tokens;
  vf largest = splat(-__builtin_inff());
  for (int tile = first_tile; tile < end_tile; tile++) {
    float *s = scores + tile * ck_tile_tokens;
    vf x = load(s);
    if (b->key_positions) {
      vi distance = *(const vi_any *)(b->key_positions + tile * ck_tile_tokens) - b->row_positions[row];
      x += b->row_slopes[row] * __builtin_convertvector(distance, vf);
      store(s, x);
    }
    if (begin > tile * ck_tile_tokens || end < (tile + 1) * ck_tile_tokens) {
      vi token = lane_index() + tile * ck_tile_tokens;
      x = ((token >= begin) & (token < end)) ? x : splat(-__builtin_inff());
      store(s, x);
    }
    if (b->omitted && b->omitted[tile]) {
      vu bits = (vu)(uint32_t)b->omitted[tile] >> (vu)lane_index();
      x = (bits & 1) == 0 ? x : splat(-__builtin_inff());
      store(s, x);
    }
    largest = max(largest, x);
  }
  return largest;
}

// 2^x for x up to 0, within 2e-7 of it relative to it: 1 at 0, zero below -126 or so. The polynomial is the best of its
// degree that is 1 at 0.
INLINE vf weight_lanes(vf x) {
#if CK_WIDTH == 512
  vf rest = (vf)_mm512_reduce_ps((__m512)x, 0);  // from the nearest integer
#else
  const float magic = 0x1.8p23f;
  vf shifted = x + magic, rest = x - (shifted - magic);
#endif
  vf p = splat(1.32647203e-3f);
  p = p * rest + 9.67151299e-3f;
  p = p * rest + 5.55073395e-2f;
  p = p * rest + 0.240222424f;
  p = p * rest + 0.693147004f;
  p = p * rest + 1.0f;
#if CK_WIDTH == 512
  return (vf)_mm512_scalef_ps((__m512)p, (__m512)(x - rest));
#else
  vf y = bits_to_f32(f32_to_bits(p) + (f32_to_bits(shifted) << 23));
  return x < -126.0f ? splat(0.0f) : y;
#endif
}

// Turns the scores of one row into weights relative to `base`; the sum of each lane.
INLINE vf weigh_row(const attention_block *b, float base, float scores[block_tokens]) {
  int first_tile = b->begin / ck_tile_tokens, end_tile = (b->end + ck_tile_tokens - 1) / ck_tile_tokens;
  vf total = splat(0);
  for (int tile = first_tile; tile < end_tile; tile++) {
    float *s = scores + tile * ck_tile_tokens;
    vf w = weight_lanes(load(s) - base);
    store(s, w);
    total += w;
  }
  return total;
}

// Turns scores into weights relative to the new maximum of each row, and brings denominators up to date. What comes of
// each row goes step by step for all rows, since a row alone would be one long chain of instructions that wait for each
// other.
INLINE void weigh_rows(
  const int rows, const attention_block *b, float scores[CK_ROWS][block_tokens], const vf largest[CK_ROWS],
  float changes[lanes]) {
  vf before = splat(-__builtin_inff()), now = before;
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; r++) before[r] = b->maxima[r], now[r] = max_lanes(largest[r]);
  now = max(now, before);
  store(changes, weight_lanes(before == now ? splat(0) : before - now));
  // A row that has seen nothing yet: weights relative to 0, all of them zero.
  float bases[lanes];
  store(bases, now > -__builtin_inff() ? now : splat(0));
  for (int r = 0; r < rows; r++) {
    float *sums = b->denominators + r * lanes;
    b->maxima[r] = now[r];
    store(sums, load(sums) * changes[r] + weigh_row(b, bases[r], scores[r]));
  }
}

// Vectors at a time. Few rows: more of them instead, so that additions need not wait for each other.
#define CK_VECTORS_OF(rows) ((rows) * CK_WIDE <= CK_ROWS * CK_VECTORS ? CK_WIDE : CK_VECTORS)

// The scores of a block, capped, biased and masked, and the largest of each lane.
INLINE void score_rows(
  const int rows, const ck_element element, const attention_block *b, float scores[CK_ROWS][block_tokens],
  vf largest[CK_ROWS]) {
  const int vectors = CK_VECTORS_OF(rows);
  int tile = b->begin / ck_tile_tokens, end_tile = (b->end + ck_tile_tokens - 1) / ck_tile_tokens;
  for (int r = 0; r < rows; r++) largest[r] = splat(-__builtin_inff());
  for (; tile + vectors <= end_tile; tile += vectors) score_tiles(rows, vectors, element, b, tile, scores, largest);
  for (; tile < end_tile; tile++) score_tiles(rows, 1, element, b, tile, scores, largest);

  if (b->softcap > 0) cap_scores(rows, b->begin / ck_tile_tokens, end_tile, b->softcap, scores);
  if (!b->whole)
    for (int r = 0; r < rows; r++) largest[r] = mask_row(b, r, scores[r]);
}

INLINE void attend_rows(const int rows, const ck_element element, const attention_block *b) {
  float scores[CK_ROWS][block_tokens] __attribute__((aligned(64)));
  vf largest[CK_ROWS];
  const int vectors = CK_VECTORS_OF(rows);
  score_rows(rows, element, b, scores, largest);
  float changes[lanes];
  weigh_rows(rows, b, scores, largest, changes);

  size_t d = 0, dimension = b->padded_dimension;
  for (; d + vectors * lanes <= dimension; d += vectors * lanes)
    add_values(rows, vectors, element, b, d, changes, scores);
  for (; d < dimension; d += lanes) add_values(rows, 1, element, b, d, changes, scores);
}

#define CK_ATTEND(rows)                                                                                               \
  static void attend_##rows##_f32(const attention_block *b) { attend_rows(rows, ck_f32, b); }                         \
  static void attend_##rows##_f16(const attention_block *b) { attend_rows(rows, ck_f16, b); }                         \
  static void attend_##rows##_q8(const attention_block *b) { attend_rows(rows, ck_q8, b); }
CK_EACH_ROW_COUNT(CK_ATTEND)
#undef CK_ATTEND

static void (*const attend[][ck_q8 + 1])(const attention_block *) = {
#define CK_ATTEND(rows)                                                                                               \
  [rows] = {[ck_f32] = attend_##rows##_f32, [ck_f16] = attend_##rows##_f16, [ck_q8] = attend_##rows##_q8},
  CK_EACH_ROW_COUNT(CK_ATTEND)
#undef CK_ATTEND
};
