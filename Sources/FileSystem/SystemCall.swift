internal import Glibc

/// What a system call gave.
package struct CallResult<Value: FixedWidthInteger & SignedInteger> {
  package let value: Value
  /// The system's error number, where `value` is negative.
  package let code: Int32

  /// The value of a call that succeeded. `operation` and `path` name it in errors.
  @discardableResult
  package func checked(_ operation: String, _ path: @autoclosure () -> FilePath) throws(SystemFailure) -> Value {
    guard value >= 0 else { throw SystemFailure(operation, path(), code: code) }
    return value
  }
}

/// Makes a system call, again for as long as signals interrupt it.
///
/// The error number is taken at once: to allocate memory, for a message say, can change it even if there is enough.
package func calling<Value>(_ call: () -> Value) -> CallResult<Value> {
  while true {
    let value = call()
    let code = errno
    if value < 0, code == EINTR { continue }
    return CallResult(value: value, code: code)
  }
}
