// How much attention the tokens of a run get: their weights in a softmax whose denominators are known, summed over rows.

// Adds the weights of a block's rows to what lies at `mass`, for each row where its head's sums of the block begin.
INLINE void weigh_mass(const int rows, const ck_element element, const attention_block *b, float *const *mass) {
  float scores[CK_ROWS][block_tokens] __attribute__((aligned(64)));
  vf largest[CK_ROWS];
  score_rows(rows, element, b, scores, largest);
  int first = b->begin / ck_tile_tokens * ck_tile_tokens;
  for (int r = 0; r < rows; r++) {
    float base = b->maxima[r];
    if (base == -__builtin_inff()) continue;  // it sees nothing
    for (int t = first; t < b->end; t += ck_tile_tokens)
      store(mass[r] + t, load(mass[r] + t) + weight_lanes(load(scores[r] + t) - base));
  }
}

#define CK_MASS(rows)                                                                                                 \
  static void mass_##rows##_f32(const attention_block *b, float *const *mass) { weigh_mass(rows, ck_f32, b, mass); }   \
  static void mass_##rows##_f16(const attention_block *b, float *const *mass) { weigh_mass(rows, ck_f16, b, mass); }   \
  static void mass_##rows##_q8(const attention_block *b, float *const *mass) { weigh_mass(rows, ck_q8, b, mass); }
CK_EACH_ROW_COUNT(CK_MASS)
#undef CK_MASS

static void (*const mass_of[][ck_q8 + 1])(const attention_block *, float *const *) = {
#define CK_MASS(rows)                                                                                                 \
  [rows] = {[ck_f32] = mass_##rows##_f32, [ck_f16] = mass_##rows##_f16, [ck_q8] = mass_##rows##_q8},
  CK_EACH_ROW_COUNT(CK_MASS)
#undef CK_MASS
};

static void attention_mass(const ck_attention_call *call, float *mass, size_t stride) {
  size_t rows = (size_t)call->tokens * call->group, dimension = call->head_dimension;
  if (rows == 0 || call->run_count == 0) return;
  const ck_kv_run *run = call->runs;
  attention_scratch s = divide_scratch(call);
  seen_part seen = find_visible(call, run, s.visible);
  if (seen.begin >= seen.end) return;
  pack_queries(call, run->variant, s.queries);
  // As the scores are: to the base of two.
  for (size_t row = 0; row < rows; row++) s.maxima[row] = call->log_sum_exp[row] * log2_e;
  bool converted = run->element != ck_f32 && rows >= rows_worth_converting;
  for (int32_t begin = seen.begin; begin < seen.end;) {
    token_block tokens = block_at(call, run, begin, seen);
    begin = tokens.end;
    if (is_omitted(run, tokens.begin / ck_tile_tokens, tiles_of(tokens.end))) continue;
    row_sights sights;
    attention_block b = describe_block(call, run, tokens, converted, &s, &sights);
    for (size_t block = 0, some; block < rows; block += some) {
      some = rows_of_block(rows - block);
      look(call, tokens, block, some, &s, &sights, &b);
      if (b.begin >= b.end) continue;
      float *of_row[CK_ROWS];
      for (size_t r = 0; r < some; r++) of_row[r] = mass + (block + r) % call->group * stride + tokens.begin;
      b.queries = s.queries + block * dimension;
      b.maxima = s.maxima + block;
      mass_of[some][converted ? ck_f32 : run->element](&b, of_row);
    }
  }
}
