/// A place in a document, between two characters.
public struct SourcePosition: Hashable, Sendable, Comparable {
  /// UTF-8 bytes before it; a byte order mark counts.
  public let offset: Int
  /// Line, from 1.
  public let line: Int
  /// Column, from 1, in Unicode scalars; a tab is one.
  public let column: Int

  /// A place.
  public init(offset: Int, line: Int, column: Int) {
    self.offset = offset
    self.line = line
    self.column = column
  }

  /// Orders by offset.
  public static func < (left: Self, right: Self) -> Bool { left.offset < right.offset }
}
