// The cores that a thread may run on. (glibc declares these calls for _GNU_SOURCE alone, which Swift's import lacks.)
#ifndef CAFFINITY_H
#define CAFFINITY_H

/// Writes the numbers of the cores that the calling thread may run on, rising, as many as `capacity` holds.
/// Returns how many there are, or 0 where the system does not say.
int affinity_cores(int *cores, int capacity);

/// Keeps the calling thread on `core`. Returns 0, or -1 where the system refuses, and changes nothing then.
int affinity_pin(int core);

#endif
