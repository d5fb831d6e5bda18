#include <lmdb.h>
#include <malloc.h>

// The header that declares these is in no module that Swift knows. They hold for all of the process.
static inline void clmdb_keep_freed_memory(int each, int all) {
  mallopt(M_MMAP_THRESHOLD, each);
  mallopt(M_TRIM_THRESHOLD, all);
}
