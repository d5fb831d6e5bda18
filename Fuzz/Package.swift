// swift-tools-version: 6.2
import PackageDescription

// A package of its own, since its programs can only be built with libFuzzer, which has the `main`: see scripts/fuzz.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "prompt-cache", path: "..")],
  targets: [
    .executableTarget(name: "FuzzPML", dependencies: [.product(name: "PMLCompiler", package: "prompt-cache")]),
    .executableTarget(name: "FuzzJinja", dependencies: [.product(name: "PMLCompiler", package: "prompt-cache")]),
  ]
)
