// swift-tools-version: 6.2
import PackageDescription

// How another package uses this one: it names the products that it imports, and builds them from the folder above.
let package = Package(
  name: "examples",
  dependencies: [.package(name: "prompt-cache", path: "..")],
  targets: [
    .executableTarget(
      name: "Ask",
      dependencies: [
        .product(name: "PMLCompiler", package: "prompt-cache"),
        .product(name: "PromptCache", package: "prompt-cache"),
      ])
  ]
)
