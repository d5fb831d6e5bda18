// swift-tools-version: 6.2
import PackageDescription

// What measures is a package of its own, so that nobody who only uses the libraries resolves or builds it:
//   swift run -c release --package-path bench store-bench
let settings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func ours(_ product: String) -> Target.Dependency { .product(name: product, package: "prompt-cache") }

func bench(_ name: String, _ folder: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, path: folder, swiftSettings: settings)
}

let package = Package(
  name: "bench",
  dependencies: [
    .package(name: "prompt-cache", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    // In C: it includes CKernels, which comes with the engine, and OpenBLAS, to compare with.
    .systemLibrary(name: "cblas", path: "blas", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .executableTarget(name: "kernel-bench", dependencies: [ours("Engine"), "cblas"], path: "kernels"),
    bench("store-bench", "store", [ours("Store")]),
    bench(
      "engine-bench", "engine",
      [ours("Engine"), ours("Store"), .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    bench(
      "answers-bench", "answers",
      [ours("PromptCache"), .product(name: "ArgumentParser", package: "swift-argument-parser")]),
    bench("compiler-bench", "compiler", [ours("Engine"), ours("PMLCompiler"), ours("PromptCache")]),
  ]
)
