package import Glibc

/// Starts a thread that runs `body` and ends. It has to be joined or detached.
///
/// - Returns: `nil` where the system gives no thread.
package func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
  var thread = pthread_t()
  let work = unsafe Unmanaged.passRetained(Work(body))
  let status = unsafe pthread_create(
    &thread, nil,
    { argument in
      guard let argument = unsafe argument else { return nil }
      unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
      return nil
    }, work.toOpaque())
  guard status == 0 else {
    unsafe work.release()
    return nil
  }
  return thread
}

/// What a thread does, as an object that can pass through C.
private final class Work: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
