// swift-tools-version: 6.2
// The store and its tests alone, so that a mutant is built in a minute. `run` copies this beside a copy of the sources.
import PackageDescription

let settings: [SwiftSetting] = [
  .strictMemorySafety(), .enableExperimentalFeature("Lifetimes"), .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
]

func system(_ name: String, pkgConfig: String) -> Target { .systemLibrary(name: name, pkgConfig: pkgConfig) }

func library(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

let package = Package(
  name: "mutants",
  targets: [
    system("CLMDB", pkgConfig: "lmdb"), system("CLibCrypto", pkgConfig: "libcrypto"),
    system("CXXHash", pkgConfig: "libxxhash"), system("CZstd", pkgConfig: "libzstd"),
    library("ContentHash", ["CLibCrypto"]),
    library("Failure", []),
    library("FileSystem", []),
    library("KVCacheFormat", []),
    library("Store", ["CLMDB", "CXXHash", "CZstd", "ContentHash", "Failure", "FileSystem", "KVCacheFormat"]),
    library("TestSupport", [], path: "Tests/TestSupport"),
    library(
      "StoreTestSupport", ["ContentHash", "FileSystem", "KVCacheFormat", "Store"], path: "Tests/StoreTestSupport"),
    .executableTarget(
      name: "store-torture", dependencies: ["KVCacheFormat", "Store", "StoreTestSupport"], path: "Tests/StoreTorture",
      swiftSettings: settings),
    .testTarget(
      name: "StoreTests",
      dependencies: [
        "CLMDB", "ContentHash", "Failure", "FileSystem", "KVCacheFormat", "Store", "StoreTestSupport", "TestSupport",
        "store-torture",
      ],
      swiftSettings: settings),
  ]
)
