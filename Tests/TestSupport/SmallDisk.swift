import Foundation

/// A small file system of its own, mounted while this lives.
public final class SmallDisk {
  /// Where it is mounted.
  public let path: String

  /// A disk of `byteCount` bytes at `path`; `nil` where this process may not mount one.
  public init?(at path: String, byteCount: Int, type: String = "tmpfs") {
    self.path = path
    guard unsafe mkdir(path, 0o700) == 0 else { return nil }
    if type == "tmpfs" {
      guard run("mount", "-t", "tmpfs", "-o", "size=\(byteCount),mode=700", "tmpfs", path) else { return nil }
    } else {
      let image = "\(path).image"
      guard FileManager.default.createFile(atPath: image, contents: nil), unsafe truncate(image, byteCount) == 0,
        run("mkfs.\(type)", image), run("mount", "-o", "loop,umask=077", image, path)
      else { return nil }
    }
  }

  /// Whether this process may mount such a disk.
  public static func canBeMade(_ type: String) -> Bool {
    guard let folder = try? TemporaryFolder() else { return false }
    return SmallDisk(at: folder.path("disk"), byteCount: 1 << 20, type: type) != nil
  }

  /// Lets nobody write to it any more.
  ///
  /// - Returns: whether that could be done.
  public func freeze() -> Bool { run("mount", "-o", "remount,ro", path) }

  /// Gives it another size.
  ///
  /// - Returns: whether that could be done.
  public func resize(to byteCount: Int) -> Bool { run("mount", "-o", "remount,size=\(byteCount)", path) }

  deinit { _ = run("umount", "-l", path) }
}

/// Runs a program of the system.
///
/// - Returns: whether it could be run and succeeded.
private func run(_ name: String, _ arguments: String...) -> Bool {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", name] + arguments
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return false }
  process.waitUntilExit()
  return process.terminationStatus == 0
}
