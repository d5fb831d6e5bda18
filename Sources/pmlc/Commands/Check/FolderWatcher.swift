import CommandSupport
import Glibc
import PromptCache

/// Wakes up when something happens in one of some folders; the one file that knows inotify.
///
/// It says that something happened, not what. Folders rather than files are watched, since editors replace a file by
/// another of the same name. Where the kernel cannot tell (a network's file system, no watches left), `wait` ends when
/// its time is over, and the caller looks for itself.
final class FolderWatcher {
  private static let events =
    IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF

  private let descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))

  deinit { close(descriptor) }

  /// Watches these folders too; one that is watched already stays so.
  func watch(_ folders: some Sequence<FilePath>) {
    for folder in folders {
      _ = unsafe folder.withCString { unsafe inotify_add_watch(descriptor, $0, UInt32(bitPattern: Self.events)) }
    }
  }

  /// Waits until something happens, at most this long.
  ///
  /// - Returns: whether something happened.
  func wait(atMost milliseconds: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&request, 1, milliseconds) > 0 else { return false }
    // What the events say is of no use; they are read so that the next wait is for others.
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while unsafe read(descriptor, &buffer, buffer.count) > 0 {}
    return true
  }
}
