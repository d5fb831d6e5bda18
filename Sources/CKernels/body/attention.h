// Attention of a group of query heads over runs of keys and values, with a running softmax: for each run, and in it each
// block of tokens, and for it each block of rows.

// What scratch holds; the sizes are those of `ck_attention_scratch_bytes`.
typedef struct {
  float *queries;         // blocks of CK_ROWS rows, each [head_dimension][rows]
  float *sums;            // rows × [padded head dimension]
  float *maxima;          // rows
  float *denominators;    // rows
  float *keys;            // block_tiles × [head_dimension][16]
  float *values;          // block_tokens × [padded head dimension]
  int32_t *visible;       // tokens × (first, end) in the current run
  int32_t *key_positions; // block_tokens
} attention_scratch;

static attention_scratch divide_scratch(const ck_attention_call *call) {
  size_t rows = (size_t)call->tokens * call->group, dimension = call->head_dimension;
  size_t padded = round_up(dimension, lanes);
  attention_scratch s;
  float *next = call->scratch;
#define TAKE(count) next; next += round_up(count, 16)
  s.queries = TAKE(rows * dimension);
  s.sums = TAKE(rows * padded);
  s.maxima = TAKE(rows);
  s.denominators = TAKE(rows);
  s.keys = TAKE(block_tokens * dimension);
  s.values = TAKE(block_tokens * padded);
  s.visible = (int32_t *)TAKE(2 * (size_t)call->tokens);
  s.key_positions = (int32_t *)TAKE(block_tokens);
#undef TAKE
  return s;
}

static void pack_queries(const ck_attention_call *call, int32_t variant, float *packed) {
  size_t rows = (size_t)call->tokens * call->group, dimension = call->head_dimension;
  const float *queries = call->queries + variant * call->query_variant_stride;
  for (size_t block = 0; block < rows; block += CK_ROWS) {
    size_t count = rows - block < CK_ROWS ? rows - block : CK_ROWS;
    for (size_t r = 0; r < count; r++) {
      size_t row = block + r;
      const float *q = queries + row / call->group * call->query_token_stride + row % call->group * dimension;
      for (size_t d = 0; d < dimension; d++) packed[d * count + r] = q[d] * log2_e;
    }
    packed += count * dimension;
  }
}

// The number of leading tokens of the run at positions below `position`.
static int32_t tokens_below(const ck_kv_run *run, int64_t position) {
  if (!run->positions) {
    int64_t count = position - run->first_position;
    return count < 0 ? 0 : count > run->tokens ? run->tokens : (int32_t)count;
  }
  int32_t low = 0, high = run->tokens;
  while (low < high) {
    int32_t middle = low + (high - low) / 2;
    if (run->positions[middle] < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

INLINE int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

// One block of tokens, begin ..< end of the run, against all rows that see some of it. `next` is what comes after it.
static void attend_block(
  const ck_attention_call *call, const ck_kv_run *run, int32_t begin, int32_t end, const ck_kv_run *next,
  int32_t next_begin, const attention_scratch *s) {
  size_t rows = (size_t)call->tokens * call->group, dimension = call->head_dimension;
  size_t padded = round_up(dimension, lanes), count = end - begin;
  size_t tile_bytes = ck_kv_tile_bytes(run->element, dimension);
  bool converted = padded != dimension || (run->element != ck_f32 && rows >= rows_worth_converting);
  if (call->slopes)
    for (int32_t t = begin; t < end; t++)
      s->key_positions[t - begin] = run->positions ? run->positions[t] : run->first_position + t;

  int32_t row_begin[CK_ROWS], row_end[CK_ROWS], row_positions[CK_ROWS];
  float row_slopes[CK_ROWS];
  attention_block b = {
    .keys = (const char *)run->keys + begin / ck_tile_tokens * tile_bytes,
    .values = (const char *)run->values + begin / ck_tile_tokens * tile_bytes,
    .key_tile_bytes = tile_bytes,
    .value_tile_bytes = tile_bytes,
    .head_dimension = dimension,
    .padded_dimension = padded,
    .row_begin = row_begin,
    .row_end = row_end,
    .key_positions = call->slopes ? s->key_positions : NULL,
    .row_positions = row_positions,
    .row_slopes = row_slopes,
    .softcap = call->softcap * log2_e,
  };
  if (converted) {
    convert_keys(run->element, b.keys, dimension, (count + ck_tile_tokens - 1) / ck_tile_tokens, s->keys);
    convert_values(run->element, b.values, dimension, count, padded, s->values);
    b.keys = (const char *)s->keys;
    b.values = (const char *)s->values;
    b.key_tile_bytes = ck_tile_tokens * dimension * sizeof(float);
    b.value_tile_bytes = ck_tile_tokens * padded * sizeof(float);
  }
  size_t next_bytes = 0, next_offset = 0;
  if (next) {
    int32_t tokens = next->tokens - next_begin < block_tokens ? next->tokens - next_begin : block_tokens;
    tile_bytes = ck_kv_tile_bytes(next->element, dimension);
    next_bytes = (tokens + ck_tile_tokens - 1) / ck_tile_tokens * tile_bytes;
    next_offset = next_begin / ck_tile_tokens * tile_bytes;
  }
  for (size_t block = 0; block < rows; block += CK_ROWS) {
    size_t some = rows - block < CK_ROWS ? rows - block : CK_ROWS;
    size_t from = round_up(next_bytes * block / rows, 64), to = round_up(next_bytes * (block + some) / rows, 64);
    if (next) {
      const char *keys = (const char *)next->keys + next_offset, *values = (const char *)next->values + next_offset;
      b.next_keys = (attention_prefetch){keys + from, keys + to};
      b.next_values = (attention_prefetch){values + from, values + to};
    }
    b.begin = end - begin;
    b.end = 0;
    for (size_t r = 0; r < some; r++) {
      size_t token = (block + r) / call->group;
      row_begin[r] = clamp(s->visible[2 * token] - begin, 0, end - begin);
      row_end[r] = clamp(s->visible[2 * token + 1] - begin, 0, end - begin);
      row_positions[r] = call->positions[token];
      row_slopes[r] = call->slopes ? call->slopes[(block + r) % call->group] * log2_e : 0;
      if (row_begin[r] >= row_end[r]) continue;
      if (row_begin[r] < b.begin) b.begin = row_begin[r];
      if (row_end[r] > b.end) b.end = row_end[r];
    }
    if (b.begin >= b.end) continue;
    b.queries = s->queries + block * dimension;
    b.sums = s->sums + block * padded;
    b.maxima = s->maxima + block;
    b.denominators = s->denominators + block;
    attend[some][converted ? ck_f32 : run->element](&b);
  }
}

static void finish_rows(const ck_attention_call *call, const attention_scratch *s) {
  size_t rows = (size_t)call->tokens * call->group, dimension = call->head_dimension;
  size_t padded = round_up(dimension, lanes);
  for (size_t row = 0; row < rows; row++) {
    float denominator = s->denominators[row], scale = denominator > 0 ? 1 / denominator : 0;
    float *y = call->output + row / call->group * call->output_token_stride + row % call->group * dimension;
    for (size_t d = 0; d < dimension; d++) y[d] = s->sums[row * padded + d] * scale;
    if (call->log_sum_exp)
      call->log_sum_exp[row] = denominator > 0 ? s->maxima[row] * ln_2 + logf(denominator) : -__builtin_inff();
  }
}

static void attention(const ck_attention_call *call) {
  size_t rows = (size_t)call->tokens * call->group;
  if (rows == 0) return;
  attention_scratch s = divide_scratch(call);
  memset(s.sums, 0, rows * round_up(call->head_dimension, lanes) * sizeof *s.sums);
  for (size_t row = 0; row < rows; row++) {
    s.maxima[row] = -__builtin_inff();
    s.denominators[row] = 0;
  }
  int32_t packed = -1;
  for (int32_t i = 0; i < call->run_count; i++) {
    const ck_kv_run *run = &call->runs[i];
    int32_t begin = run->tokens, end = 0;
    for (int32_t t = 0; t < call->tokens; t++) {
      int64_t position = call->positions[t];
      int32_t first = call->window > 0 ? tokens_below(run, position - call->window + 1) : 0;
      int32_t last = tokens_below(run, position + 1);
      s.visible[2 * t] = first;
      s.visible[2 * t + 1] = last;
      if (first >= last) continue;
      if (first < begin) begin = first;
      if (last > end) end = last;
    }
    if (begin >= end) continue;
    if (run->variant != packed) pack_queries(call, run->variant, s.queries);
    packed = run->variant;
    begin = begin / block_tokens * block_tokens;  // Where blocks begin does not depend on who sees them.
    for (; begin < end; begin += block_tokens) {
      bool last = end - begin <= block_tokens;
      const ck_kv_run *next = !last ? run : i + 1 < call->run_count ? run + 1 : NULL;
      attend_block(call, run, begin, last ? end : begin + block_tokens, next, last ? 0 : begin + block_tokens, &s);
    }
  }
  finish_rows(call, &s);
}

static void attention_merge(
  size_t parts, const float *const *outputs, const float *const *log_sum_exps, size_t rows, size_t dimension,
  float *output) {
  for (size_t row = 0; row < rows; row++) {
    float weights[ck_most_parts], largest = -__builtin_inff(), total = 0;
    for (size_t p = 0; p < parts; p++)
      if (log_sum_exps[p][row] > largest) largest = log_sum_exps[p][row];
    bool any = largest > -__builtin_inff();
    for (size_t p = 0; p < parts; p++) total += weights[p] = any ? expf(log_sum_exps[p][row] - largest) : 0;
    float scale = any ? 1 / total : 0;
    for (size_t d = 0; d < dimension; d += lanes) {
      size_t at = row * dimension + d, count = dimension - d;
      vf sum = splat(0);
      for (size_t p = 0; p < parts; p++)
        sum += weights[p] * scale * (count >= lanes ? load(outputs[p] + at) : load_part(outputs[p] + at, count));
      if (count >= lanes) store(output + at, sum);
      else store_part(output + at, sum, count);
    }
  }
}
