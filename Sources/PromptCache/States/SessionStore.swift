public import FileSystem
public import Store
internal import Synchronization

/// What a session does with its store.
public enum StoreAccess: Sendable {
  /// Reads an existing store.
  case reading
  /// Reads the store if there is one by the time it is needed.
  case readingIfThere
  /// Changes an existing store.
  case changing
  /// Reads the store and adds to it, creating it with the first write. One on a read-only mount can still be read.
  case writing
}

/// The store of a session: opened once, and created only when something is first written.
final class SessionStore: Sendable {
  private struct Handle {
    var store: StateStore?
    /// Why the store is open for reading only, though the session may write.
    var refusal: StoreError?
  }

  /// `nil` for a session without a store.
  let place: FilePath?
  let access: StoreAccess
  private let options: StoreOptions
  private let handle = Mutex(Handle())

  init(at place: FilePath?, access: StoreAccess, options: StoreOptions) {
    self.place = place
    self.access = access
    self.options = options
  }

  /// The store, for reading; `nil` if there is none.
  func readable() throws(PromptCacheError) -> StateStore? {
    try handle.withLock { (handle) throws(PromptCacheError) in
      if handle.store == nil { try open(&handle, making: false) }
      return handle.store
    }
  }

  /// Whether the folder no longer holds the store that is open.
  var isReplaced: Bool { handle.withLock { $0.store?.isReplaced ?? false } }

  /// The store, for writing; created if it is missing.
  func writable() throws(PromptCacheError) -> StateStore {
    guard let place else { throw .noStore }
    return try handle.withLock { (handle) throws(PromptCacheError) in
      if handle.store == nil { try open(&handle, making: true) }
      guard let store = handle.store else { throw .store(.noStore(path: place.description)) }
      guard !store.options.readOnly else { throw .store(handle.refusal ?? .readOnly(path: place.description)) }
      return store
    }
  }

  private func open(_ handle: inout Handle, making: Bool) throws(PromptCacheError) {
    guard let place else { return }
    do throws(StoreError) {
      guard access != .writing || making || StateStore.exists(at: place) else { return }
      handle.store = try .open(place, for: access, options: options)
    } catch {
      switch (error, access) {
      case (.noStore, .readingIfThere): return
      case (.readOnly, .writing) where !making:
        handle.refusal = error
        handle.store = try withStoreErrors { () throws(StoreError) in try .open(place, for: .reading, options: options)
        }
      default: throw .store(error)
      }
    }
  }
}

extension StateStore {
  /// Opens the store in the folder `path`, creating it only for `.writing`.
  ///
  /// - Parameters:
  ///   - path: the store's folder.
  ///   - access: what is to be done with the store.
  ///   - options: how it is opened; `access` decides about `readOnly`.
  /// - Throws: `StoreError.noStore` where there is none, and whatever else opening throws.
  public static func open(
    _ path: FilePath, for access: StoreAccess, options: StoreOptions = .init()
  ) throws(StoreError) -> StateStore {
    var options = options
    options.readOnly =
      switch access {
      case .reading, .readingIfThere: true
      // Opening a missing store for reading fails; opening it for writing would create it.
      case .changing: !exists(at: path)
      case .writing: false
      }
    return try StateStore(at: path, options: options)
  }
}
