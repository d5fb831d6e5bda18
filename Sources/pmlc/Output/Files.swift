import ArgumentParser
import Glibc

/// Writes a file in one step: a reader sees the old one or the new one. What is no regular file (a device, a pipe) is
/// written to as it stands.
///
/// - Throws: exit status 2, after a message.
func write(_ bytes: [UInt8], to path: String) throws {
  do throws(SystemError) {
    var status = stat()
    let isThere = unsafe stat(path, &status) == 0
    if isThere, status.st_mode & S_IFMT != S_IFREG {
      try OutputFile(unsafe open(path, O_WRONLY | O_CLOEXEC)).write(bytes)
    } else {
      try replace(isThere ? realPath(of: path) : path, by: bytes, permissions: isThere ? status.st_mode & 0o7777 : nil)
    }
  } catch {
    Terminal.error.writeLine("pmlc: error: cannot write `\(path)`: \(error)")
    throw ExitCode.notDone
  }
}

/// Writes a file beside the one at `path`, which then takes its name.
private func replace(_ path: String, by bytes: [UInt8], permissions: mode_t?) throws(SystemError) {
  var template = Array("\(path).XXXXXX".utf8CString)
  let file = OutputFile(unsafe mkstemp(&template))
  let temporary = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  do throws(SystemError) {
    try file.write(bytes)
    try file.setPermissions(permissions ?? newFilePermissions)
    guard unsafe rename(temporary, path) == 0 else { throw SystemError() }
  } catch {
    _ = unsafe unlink(temporary)
    throw error
  }
}

/// What a new file gets: reading and writing, less what the user's mask takes away.
private var newFilePermissions: mode_t {
  let mask = umask(0o077)
  umask(mask)
  return 0o666 & ~mask
}

/// The file itself where `path` is a link, so that the link stays one.
private func realPath(of path: String) throws(SystemError) -> String {
  let resolved = unsafe realpath(path, nil)
  defer { unsafe free(resolved) }
  guard let resolved = unsafe resolved else { throw SystemError() }
  return unsafe String(cString: resolved)
}

/// What the system says of the call that just failed.
private struct SystemError: Error, CustomStringConvertible {
  private let number = errno

  var description: String { unsafe String(cString: strerror(number)) }
}

/// A descriptor to write to, closed at the end of its life; negative where opening failed.
private struct OutputFile: ~Copyable {
  private let descriptor: Int32
  private let failure: SystemError?

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    failure = descriptor < 0 ? SystemError() : nil
  }

  deinit { close(descriptor) }

  func write(_ bytes: [UInt8]) throws(SystemError) {
    if let failure { throw failure }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemError() }
      rest = rest.dropFirst(count)
    }
  }

  func setPermissions(_ permissions: mode_t) throws(SystemError) {
    guard fchmod(descriptor, permissions) == 0 else { throw SystemError() }
  }
}
