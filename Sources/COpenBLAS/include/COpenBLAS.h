/// Products by OpenBLAS, which is loaded with the first one wanted, not with the program.
///
/// When it is loaded it starts a thread for each core, and ends the process where it cannot. Few programs need it: those
/// on CPUs that our own kernels have no vectors for. They run it on threads of their own.
#ifndef C_OPENBLAS_H
#define C_OPENBLAS_H

#include <stdbool.h>

/// Loads the library for use on the calling threads alone. False if the system has none. Any thread may call it, any
/// number of times.
bool openblas_load(void);

/// y = x · wᵀ, or y += x · wᵀ, in row-major order: x (rows, columns), w (outputs, columns), y (rows, outputs), whose
/// rows are x_stride, columns, y_stride numbers apart. Any number of threads may call it at once.
///
/// `openblas_load` must have returned true.
void openblas_product(
  int rows, int outputs, int columns, const float *x, int x_stride, const float *w, bool adding, float *y, int y_stride);

#endif
