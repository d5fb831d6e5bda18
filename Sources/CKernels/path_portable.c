// What every CPU has.
#include <math.h>
#include <string.h>

#define CK_CPU portable
#define CK_HAS_F16C 0
#define CK_ROWS 2
#define CK_VECTORS 1
#define CK_WIDE 1
#define CK_EACH_ROW_COUNT(f) f(1) f(2)

#include "path.h"
