package import FileSystem
internal import Glibc

/// Makes an index: from nothing, or from an older one, of which what stays the same is kept.
///
///     try TextIndexMaker.make(at: path, from: older, stamp: digest) { maker in
///       for document in documents {
///         try maker.put(document.name, in: "docs", digest: document.digest) { document.text }
///       }
///     }
///
/// The new file is written beside its place, and put there when it is whole and on the disk: a killed process leaves the old
/// one as it was, and a file whose name ends in `.new`. Memory grows with the number of different words, not of documents.
package final class TextIndexMaker {
  /// What making an index took.
  package struct Summary: Hashable, Sendable {
    /// Documents that were not there before.
    package fileprivate(set) var added = 0
    /// Documents with another digest than before.
    package fileprivate(set) var changed = 0
    /// Documents that are not there any more.
    package fileprivate(set) var removed = 0
    /// Documents that are as they were.
    package fileprivate(set) var kept = 0
  }

  private let writer: IndexWriter
  private var summary = Summary()
  /// Documents put so far, by number.
  private var isPut: [Bool]
  /// Where the next document stands, by library.
  private var places: [String: Int] = [:]

  private init(_ writer: IndexWriter) {
    self.writer = writer
    isPut = Array(repeating: false, count: writer.lastDocument + 1)
  }

  /// Puts a document behind those put before in its library.
  ///
  /// - Parameters:
  ///   - name: no other document of the library has it.
  ///   - digest: tells texts apart. A document whose name and digest the older index has is taken from there.
  ///   - text: is asked for otherwise.
  /// - Throws: `TextIndexError`, or what `text` throws.
  package func put(
    _ name: String, in library: String, digest: [UInt8], text: () throws -> String
  ) throws {
    let place = places[library, default: 0]
    places[library] = place + 1
    let number = try writer.library(library)
    guard let known = try writer.document(name, in: number) else {
      let id = try writer.add(name, at: place, in: number, digest: digest, text())
      note(id)
      summary.added += 1
      return
    }
    guard isPut.indices.contains(known.id), !isPut[known.id] else {
      throw TextIndexError.duplicate(library: library, name: name)
    }
    note(known.id)
    if known.digest == digest {
      if known.place != place { try writer.move(known.id, to: place) }
      summary.kept += 1
    } else {
      let text = try text()
      try writer.remove(known.id)
      _ = try writer.add(name, at: place, in: number, digest: digest, text, as: known.id)
      summary.changed += 1
    }
  }

  private func note(_ id: Int) {
    if id >= isPut.count { isPut += repeatElement(false, count: id + 1 - isPut.count) }
    isPut[id] = true
  }

  /// Takes out what was not put again.
  private func removeOthers() throws(TextIndexError) {
    for id in try writer.documents() where !isPut[id] {
      try writer.remove(id)
      summary.removed += 1
    }
  }
}

extension TextIndexMaker {
  /// Makes the index at `path`, for its owner alone, replacing an existing one.
  ///
  /// - Parameters:
  ///   - older: an index to start from. One that is missing, damaged or of another format is as if there were none.
  ///   - stamp: what `TextIndex.stamp` gives.
  ///   - fill: puts all documents, library by library, each in its order. If the older index turns out to be damaged, it is
  ///     run once more.
  /// - Throws: `TextIndexError`, or what `fill` throws; then what was at `path` stays as it was.
  @discardableResult
  package static func make(
    at path: FilePath, from older: FilePath? = nil, stamp: [UInt8], _ fill: (TextIndexMaker) throws -> Void
  ) throws -> Summary {
    if let older {
      do {
        return try make(at: path, stamp: stamp, fill) { file throws(TextIndexError) in
          try IndexWriter(file, copying: older)
        }
      } catch let error as TextIndexError where error.isMendedByMaking {
        // From nothing, then.
      }
    }
    return try make(at: path, stamp: stamp, fill) { file throws(TextIndexError) in try IndexWriter(file) }
  }

  private static func make(
    at path: FilePath, stamp: [UInt8], _ fill: (TextIndexMaker) throws -> Void,
    opening: (PartialFile) throws(TextIndexError) -> IndexWriter
  ) throws -> Summary {
    let file = try PartialFile(for: path)
    let maker = TextIndexMaker(try opening(file))
    try fill(maker)
    try maker.removeOthers()
    try maker.writer.finish(stamp: stamp)
    try asIndexError { () throws(SystemFailure) in try file.finish() }
    return maker.summary
  }
}
