// Loops over rows of activations and logits.

#define EACH_LANES(count, whole, part)                                                                                \
  do {                                                                                                                \
    size_t i = 0;                                                                                                     \
    for (; i + lanes <= (count); i += lanes) whole;                                                                   \
    if (i < (count)) {                                                                                                \
      size_t rest = (count) - i;                                                                                      \
      part;                                                                                                           \
    }                                                                                                                 \
  } while (0)

// y[i] = f(x[i]).
#define MAP(f, x, count, y)                                                                                           \
  EACH_LANES(count, store((y) + i, f(load((x) + i))), store_part((y) + i, f(load_part((x) + i, rest)), rest))

// MARK: Sums

INLINE float sum(const float *x, size_t count) {
  vf s = splat(0);
  EACH_LANES(count, s += load(x + i), s += load_part(x + i, rest));
  return sum_lanes(s);
}

INLINE float sum_of_squares(const float *x, size_t count) {
  vf s = splat(0), v;
  EACH_LANES(count, (v = load(x + i), s += v * v), (v = load_part(x + i, rest), s += v * v));
  return sum_lanes(s);
}

static void rms_norm(const float *x, const float *weight, float epsilon, size_t rows, size_t count, float *y) {
  for (size_t row = 0; row < rows; row++, x += count, y += count) {
    float scale = 1 / sqrtf(sum_of_squares(x, count) / (float)count + epsilon);
    EACH_LANES(
      count, store(y + i, load(x + i) * scale * load(weight + i)),
      store_part(y + i, load_part(x + i, rest) * scale * load_part(weight + i, rest), rest));
  }
}

static void layer_norm(
  const float *x, const float *weight, const float *bias, float epsilon, size_t rows, size_t count, float *y) {
  for (size_t row = 0; row < rows; row++, x += count, y += count) {
    float mean = sum(x, count) / (float)count;
    vf s = splat(0), v;
    EACH_LANES(
      count, (v = load(x + i) - mean, s += v * v),
      (v = load_part(x + i, rest) - mean, v = lane_index() < (int32_t)rest ? v : splat(0), s += v * v));
    float scale = 1 / sqrtf(sum_lanes(s) / (float)count + epsilon);
    EACH_LANES(
      count, store(y + i, (load(x + i) - mean) * scale * load(weight + i) + (bias ? load(bias + i) : splat(0))),
      store_part(
        y + i,
        (load_part(x + i, rest) - mean) * scale * load_part(weight + i, rest) +
          (bias ? load_part(bias + i, rest) : splat(0)),
        rest));
  }
}

// MARK: Element by element

static void rotate(
  const float *x, const float *cos, const float *sin, float scale, size_t heads, size_t dimension, size_t rotary,
  float *y) {
  size_t half = rotary / 2;
  for (size_t head = 0; head < heads; head++, x += dimension, y += dimension) {
    const float *u = x, *v = x + half;
    vf a, b, c, s;
    EACH_LANES(
      half,
      (a = load(u + i), b = load(v + i), c = load(cos + i) * scale, s = load(sin + i) * scale,
       store(y + i, a * c - b * s), store(y + half + i, b * c + a * s)),
      (a = load_part(u + i, rest), b = load_part(v + i, rest), c = load_part(cos + i, rest) * scale,
       s = load_part(sin + i, rest) * scale, store_part(y + i, a * c - b * s, rest),
       store_part(y + half + i, b * c + a * s, rest)));
    for (size_t i = rotary; i < dimension; i++) y[i] = x[i] * scale;
  }
}

static void add(const float *x, size_t count, float *y) {
  EACH_LANES(
    count, store(y + i, load(y + i) + load(x + i)),
    store_part(y + i, load_part(y + i, rest) + load_part(x + i, rest), rest));
}

static void silu_multiply(const float *gate, const float *up, size_t count, float *y) {
  vf g;
  EACH_LANES(
    count, (g = load(gate + i), store(y + i, g / (1 + exp_lanes(-g)) * load(up + i))),
    (g = load_part(gate + i, rest),
     store_part(y + i, g / (1 + exp_lanes(-g)) * load_part(up + i, rest), rest)));
}

// erf as a quotient of polynomials in x², on [-4, 4], past which it is ±1 in f32. Coefficients: Eigen's.
INLINE vf erf_lanes(vf x) {
  x = max(min(x, splat(4)), splat(-4));
  vf z = x * x;
  vf p = splat(-2.72614225801306e-10f);
  p = p * z + 2.77068142495902e-08f;
  p = p * z + -2.10102402082508e-06f;
  p = p * z + -5.69250639462346e-05f;
  p = p * z + -7.34990630326855e-04f;
  p = p * z + -2.95459980854025e-03f;
  p = p * z + -1.60960333262415e-02f;
  vf q = splat(-1.45660718464996e-05f);
  q = q * z + -2.13374055278905e-04f;
  q = q * z + -1.68282697438203e-03f;
  q = q * z + -7.37332916720468e-03f;
  q = q * z + -1.42647390514189e-02f;
  return x * p / q;
}

// tanh as x times a quotient of polynomials in x², on [-9.02, 9.02], past which it is ±1 in f32. The quotient is the best
// for the relative error, 2e-8 before rounding.
INLINE vf tanh_lanes(vf x) {
  x = max(splat(-9.02f), min(splat(9.02f), x));  // NaN stays NaN
  vf z = x * x;
  vf p = splat(1.33191351e-8f);
  p = p * z + 2.05835313e-5f;
  p = p * z + 3.49403778e-3f;
  p = p * z + 0.133797213f;
  p = p * z + 1.0f;
  vf q = splat(7.76204672e-7f);
  q = q * z + 3.28309805e-4f;
  q = q * z + 2.5871085e-2f;
  q = q * z + 0.467130363f;
  q = q * z + 1.0f;
  return x * p / q;
}

INLINE vf gelu_erf_lanes(vf x) { return x * 0.5f * (1 + erf_lanes(x * 0.70710678118654752f)); }

// x/2 · (1 + tanh u) = x / (1 + e^-2u).
INLINE vf gelu_tanh_lanes(vf x) {
  vf u = 0.79788456080286536f * (x + 0.044715f * x * x * x);
  return x / (1 + exp_lanes(-2 * u));
}

static void gelu_erf(const float *x, size_t count, float *y) { MAP(gelu_erf_lanes, x, count, y); }
static void gelu_tanh(const float *x, size_t count, float *y) { MAP(gelu_tanh_lanes, x, count, y); }
static void exponential(const float *x, size_t count, float *y) { MAP(exp_lanes, x, count, y); }

// MARK: Logits

static void softcap(const float *x, float cap, size_t count, float *y) {
  float inverse = 1 / cap;
  EACH_LANES(
    count, store(y + i, cap * tanh_lanes(load(x + i) * inverse)),
    store_part(y + i, cap * tanh_lanes(load_part(x + i, rest) * inverse), rest));
}

static float largest(const float *x, size_t count) {
  float largest = -__builtin_inff();
  size_t i = 0;
  vf m = splat(largest);
  for (; i + lanes <= count; i += lanes) m = max(load(x + i), m);  // NaN compares false: m stays.
  for (largest = max_lanes(m); i < count; i++)
    if (x[i] > largest) largest = x[i];
  return largest;
}

static size_t argmax(const float *x, size_t count) {
  float wanted = largest(x, count);
  for (size_t i = 0; i < count; i++)
    if (x[i] == wanted) return i;
  return 0;
}

static float log_sum_exp(const float *x, size_t count) {
  float base = largest(x, count);
  if (base == -__builtin_inff()) return base;
  vd total = 0;
  vf w;
  EACH_LANES(
    count, total += __builtin_convertvector(exp_lanes(load(x + i) - base), vd),
    (w = exp_lanes(load_part(x + i, rest) - base), w = lane_index() < (int32_t)rest ? w : splat(0),
     total += __builtin_convertvector(w, vd)));
  double sum = 0;
  for (int lane = 0; lane < lanes; lane++) sum += total[lane];
  return base + (float)log(sum);
}

static void softmax(const float *x, float scale, size_t count, float *y) {
  float base = largest(x, count);
  vf w;
  double total = 0;
  EACH_LANES(
    count, (w = exp_lanes((load(x + i) - base) * scale), store(y + i, w), total += sum_lanes(w)),
    (w = exp_lanes((load_part(x + i, rest) - base) * scale), store_part(y + i, w, rest),
     w = lane_index() < (int32_t)rest ? w : splat(0), total += sum_lanes(w)));
  float inverse = (float)(1 / total);
  for (size_t i = 0; i < count; i++) y[i] *= inverse;
}

#undef MAP
#undef EACH_LANES
