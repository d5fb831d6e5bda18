internal import CLMDB

/// What a process keeps of memory that it has freed.
package enum FreedMemory {
  /// Keeps blocks of up to 32 MiB, 256 MiB in all, rather than give each back to the system.
  ///
  /// Who takes states in has each layer in memory twice for a moment: as it comes, and in the pages of LMDB's transaction.
  /// To give these back, and take new ones, page by page, is half of the processor time that the system spends on a fetch.
  package static func keep() { clmdb_keep_freed_memory(32 << 20, 256 << 20) }
}
