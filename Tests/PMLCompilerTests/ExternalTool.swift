import Foundation
import TestSupport

/// A program that gives a second opinion.
struct ExternalTool {
  static let xmllint = Self(path: "/usr/bin/xmllint")
  static let jing = Self(path: "/usr/bin/jing")
  static let trang = Self(path: "/usr/bin/trang")

  let path: String

  var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

  /// Runs it to its end; what it wrote to both streams.
  @discardableResult
  func run(_ arguments: [String]) throws -> String {
    let output = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    let file = try FileHandle(forWritingTo: URL(filePath: output.write("", to: "out")))
    process.standardOutput = file
    process.standardError = file
    try process.run()
    process.waitUntilExit()
    return String(decoding: try Data(contentsOf: URL(filePath: output.path("out"))), as: UTF8.self)
  }

  /// The numbers of the documents with which a validator finds no fault.
  func accepted(_ documents: [String], arguments: [String]) throws -> Set<Int> {
    let folder = try TemporaryFolder()
    let files = try documents.enumerated().map { index, document in
      try folder.write(document, to: "\(index).xml")
    }
    let lines = try run(arguments + files).split(separator: "\n")
    return Set(
      files.indices.filter { index in
        let file = files[index]
        return lines.allSatisfy { !$0.hasPrefix(file) || $0 == "\(file) validates" }
      })
  }
}

/// The repository that the tests stand in.
enum Repository {
  /// The path of a file in it.
  static func path(_ path: String) -> String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../\(path)").standardized.path(
      percentEncoded: false)
  }

  static func text(_ path: String) throws -> String {
    try String(contentsOfFile: Self.path(path), encoding: .utf8)
  }
}
