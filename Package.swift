// swift-tools-version: 6.2
import PackageDescription

// One list for every target. Strict memory safety makes each unsafe expression visible, `Lifetimes` lets the few files
// that own memory lend spans of it, and the upcoming features keep imports and existentials explicit.
let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableExperimentalFeature("Lifetimes"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func system(_ name: String, pkgConfig: String, package: String) -> Target {
  .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

let package = Package(
  name: "prompt-cache",
  products: [
    .executable(name: "pmlc", targets: ["pmlc"]),
    .executable(name: "pmlc-serve", targets: ["pmlc-serve"]),
    .library(name: "PMLCompiler", targets: ["PMLCompiler"]),
    .library(name: "Store", targets: ["Store"]),
    .library(name: "Engine", targets: ["Engine"]),
    .library(name: "PromptCache", targets: ["PromptCache"]),
    .library(name: "Server", targets: ["Server"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // What only the server needs.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // C libraries, each behind a module of its own.
    system("CLMDB", pkgConfig: "lmdb", package: "liblmdb-dev"),
    system("CLibXML2", pkgConfig: "libxml-2.0", package: "libxml2-dev"),
    system("CLibCrypto", pkgConfig: "libcrypto", package: "libssl-dev"),
    system("CXXHash", pkgConfig: "libxxhash", package: "libxxhash-dev"),
    system("CZstd", pkgConfig: "libzstd", package: "libzstd-dev"),
    system("CSQLite", pkgConfig: "sqlite3", package: "libsqlite3-dev"),
    system("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),

    // What the layers above share: kinds of failures, files, content hashes, JSON, chat templates' language, and the
    // arithmetic of the blobs' format.
    library("Failure"),
    library("FileSystem"),
    library("Threads"),
    library("ContentHash", ["CLibCrypto"]),
    library("JSONText"),
    library("Jinja"),
    library("GGUF", ["Failure"]),
    library("KVCacheFormat"),
    library("ObjectStorage", ["CCurl", "ContentHash", "Failure", "FileSystem"]),

    // Three libraries that do not know each other, and the tokenizers.
    library("Tokenizers", ["Failure", "GGUF", "JSONText"]),
    library(
      "PMLCompiler", ["CLibXML2", "ContentHash", "Failure", "FileSystem", "JSONText", "Jinja", "Threads"],
      resources: [
        "Inspect/Pages/LayoutPage.html", "Inspect/Pages/PromptPage.html", "Inspect/Pages/Page.css",
        "Inspect/Pages/Page.js", "Resources/pml.rng",
      ].map { .embedInCode($0) }),
    library("Store", ["CLMDB", "CXXHash", "CZstd", "ContentHash", "Failure", "FileSystem", "KVCacheFormat"]),
    library("TextSearch", ["CSQLite", "Failure", "FileSystem"]),
    .target(name: "CAffinity"),
    .target(name: "COpenBLAS"),
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
    library(
      "Engine",
      [
        "CAffinity", "CKernels", "COpenBLAS", "ContentHash", "Failure", "FileSystem", "GGUF", "JSONText",
        "KVCacheFormat", "Threads",
      ]),

    // What joins them, and the command.
    .target(name: "CDemoModel"),
    library(
      "PromptCache",
      [
        "CDemoModel", "ContentHash", "Engine", "Failure", "FileSystem", "KVCacheFormat", "ObjectStorage", "PMLCompiler",
        "Store", "TextSearch", "Threads", "Tokenizers",
      ]),
    library("CommandSupport", ["PromptCache", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    .executableTarget(
      name: "pmlc",
      dependencies: [
        "CommandSupport", "PromptCache", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // The server, a program of its own, so that those who only compile schemas build none of it.
    library(
      "Server",
      [
        "Failure", "FileSystem", "JSONText", "PromptCache", "Threads",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], resources: [.embedInCode("Description/openapi.json"), .embedInCode("Page/page.html")]),
    .executableTarget(
      name: "pmlc-serve",
      dependencies: [
        "CommandSupport", "PromptCache", "Server",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
    tests("FailureTests", ["Failure"]),
    tests("FileSystemTests", ["FileSystem"]),
    tests("ContentHashTests", ["ContentHash"]),
    tests("ObjectStorageTests", ["ContentHash", "FileSystem", "ObjectStorage", "TestSupport"], exclude: ["Fixtures"]),
    tests("JSONTextTests", ["JSONText"]),
    tests("JinjaTests", ["Jinja", "JSONText"], exclude: ["Fixtures"]),
    tests("KVCacheFormatTests", ["KVCacheFormat"]),
    tests("GGUFTests", ["GGUF"], exclude: ["Fixtures"]),
    tests("TokenizersTests", ["Failure", "GGUF", "JSONText", "Tokenizers"], exclude: ["Fixtures"]),
    tests(
      "PMLCompilerTests", ["ContentHash", "Failure", "FileSystem", "JSONText", "PMLCompiler", "TestSupport"],
      exclude: ["Cases", "Fixtures", "Layout/encoding_digests.py"]),
    .target(
      name: "StoreTestSupport", dependencies: ["ContentHash", "FileSystem", "KVCacheFormat", "Store"],
      path: "Tests/StoreTestSupport", swiftSettings: settings),
    // Run by StoreTests as a process of its own. It is a target here, not a package like bench and Fuzz, so that building
    // the tests builds it beside them.
    .executableTarget(
      name: "store-torture", dependencies: ["KVCacheFormat", "Store", "StoreTestSupport"], path: "Tests/StoreTorture",
      swiftSettings: settings),
    tests(
      "StoreTests",
      [
        "CLMDB", "ContentHash", "Failure", "FileSystem", "KVCacheFormat", "Store", "StoreTestSupport", "TestSupport",
        "store-torture",
      ]),
    tests("TextSearchTests", ["Failure", "FileSystem", "TestSupport", "TextSearch"], exclude: ["Fixtures"]),
    tests(
      "EngineTests", ["CKernels", "ContentHash", "Engine", "Failure", "FileSystem", "GGUF", "KVCacheFormat"],
      exclude: ["Fixtures"]),
    tests("PromptCacheTests", ["ObjectStorage", "PromptCache", "TestSupport", "Tokenizers"], exclude: ["Fixtures"]),
    tests(
      "CommandTests", ["ContentHash", "FileSystem", "KVCacheFormat", "Store", "TestSupport", "pmlc"],
      exclude: ["Goldens"]),
    tests("ServerTests", ["JSONText", "TestSupport", "pmlc", "pmlc-serve"]),
  ]
)
