// swift-tools-version: 6.2
import PackageDescription

// How another package uses this one: it names the product that it imports, and builds it from the folder above.
func example(_ name: String) -> Target {
  .executableTarget(
    name: name,
    dependencies: [
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
      .product(name: "PromptCache", package: "prompt-cache"),
    ])
}

let package = Package(
  name: "examples",
  dependencies: [
    .package(name: "prompt-cache", path: ".."),
    // In a range of one's own: it has to share a version with the one that pmlc asks for.
    .package(url: "https://github.com/apple/swift-argument-parser", "1.5.0"..<"2.0.0"),
  ],
  targets: [
    example("Ask"),
    example("AskSeveral"),
    example("BuildPrompts"),
    example("CancelAnswers"),
    example("HandleErrors"),
  ]
)
