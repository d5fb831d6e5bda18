// What every CPU has.
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#include <math.h>
#include <string.h>

#define CK_CPU portable
#define CK_VNNI 0
#define CK_WIDTH 128
#define CK_HAS_F16C 0
#define CK_ROWS 2
#define CK_VECTORS 1
#define CK_WIDE 1
#define CK_EACH_ROW_COUNT(f) f(1) f(2)

#define CK_FEW_ROWS 2
#define CK_FEW_ROWS_TILE 2
#define CK_FEW_COLUMNS 0
#define CK_FEW_AHEAD 4096
#define CK_EACH_FEW_ROWS(f) f(2, 1) f(1, 2)

// With weights of eight bits or less: rows at a time, one weight row after the other.
#define CK_FEW_IN_ORDER 4

#define CK_PRODUCT_PANEL_ROWS 48
#define CK_PRODUCT_VECTORS 1
#define CK_PRODUCT_ROWS 2
#define CK_PRODUCT_TILE_ROWS 2
#define CK_EACH_PRODUCT_TILE(f) f(1, 1) f(2, 1)

#define CK_Q8_ROWS 1
#define CK_Q8_TILE_ROWS 1
#define CK_EACH_Q8_TILE(f) f(1, 1)

#include "path.h"
