import Glibc

/// How many threads the system lets this process have.
package enum ThreadLimit {
  /// Whether `count` threads can be started beside those that there are. Starts them to see, and ends them.
  package static func allows(_ count: Int) -> Bool {
    // Each waits until all have been started.
    let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    unsafe pthread_mutex_init(gate, nil)
    unsafe pthread_mutex_lock(gate)
    var handles: [pthread_t] = []
    while handles.count < count {
      var handle = pthread_t()
      let status = unsafe pthread_create(
        &handle, nil,
        { argument in
          guard let gate = unsafe argument?.assumingMemoryBound(to: pthread_mutex_t.self) else { return nil }
          unsafe pthread_mutex_lock(gate)
          unsafe pthread_mutex_unlock(gate)
          return nil
        }, gate)
      guard status == 0 else { break }
      handles.append(handle)
    }
    unsafe pthread_mutex_unlock(gate)
    for handle in handles { pthread_join(handle, nil) }
    unsafe pthread_mutex_destroy(gate)
    unsafe gate.deallocate()
    return handles.count == count
  }
}
