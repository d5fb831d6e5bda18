// swift-tools-version: 6.2
import PackageDescription

/// A program that is fed by libFuzzer, and the products that it needs.
func program(_ name: String, _ products: [String], _ others: [Target.Dependency] = []) -> Target {
  .executableTarget(
    name: name, dependencies: products.map { .product(name: $0, package: "prompt-cache") } + ["FuzzBounds"] + others)
}

// A package of its own, since its programs can only be built with libFuzzer, which has the `main`: see scripts/fuzz.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "prompt-cache", path: "..")],
  targets: [
    .target(name: "CLibFuzzer"),
    .target(name: "FuzzBounds"),
    program("FuzzPML", ["PMLCompiler"]),
    program("FuzzPMLIR", ["PMLCompiler"]),
    program("FuzzJinja", ["PMLCompiler"]),
    program("FuzzGGUF", ["Engine", "PromptCache"], ["CLibFuzzer"]),
  ]
)
