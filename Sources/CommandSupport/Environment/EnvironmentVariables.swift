internal import Glibc
package import PromptCache

/// The value of an environment variable, byte by byte; `nil` where it is not set, or empty.
///
/// The specifications of all the variables that are read here give an empty one no meaning.
package func environmentVariable(_ name: String) -> FilePath? {
  guard let value = unsafe getenv(name) else { return nil }
  let bytes = unsafe UnsafeBufferPointer(start: value, count: strlen(value)).map { UInt8(bitPattern: $0) }
  return bytes.isEmpty ? nil : FilePath(bytes: bytes)
}
