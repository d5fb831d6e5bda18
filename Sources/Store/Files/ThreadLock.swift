internal import Glibc

/// A lock between threads that can be tried, and that may guard values of any type; `Mutex` takes `sending` ones alone.
///
/// `Sendable`: the memory is allocated once, and a mutex is made to be used by several threads.
@safe final class ThreadLock: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe pthread_mutex_init(mutex, nil)
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  func lock() { unsafe pthread_mutex_lock(mutex) }

  /// Takes the lock if it is free.
  func tryLock() -> Bool { unsafe pthread_mutex_trylock(mutex) == 0 }

  func unlock() { unsafe pthread_mutex_unlock(mutex) }
}
