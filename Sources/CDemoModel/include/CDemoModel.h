#ifndef C_DEMO_MODEL_H
#define C_DEMO_MODEL_H

#include <stddef.h>

/// One file of the model that ships with the program, linked into it, so that an installed binary needs no other file.
typedef struct {
  const char *_Nonnull name;
  const unsigned char *_Nonnull bytes;  // 64-byte aligned
  size_t count;
} CDemoModelFile;

/// The file at `index`, or one of no bytes and an empty name past the end.
CDemoModelFile demo_model_file(size_t index);

#endif
