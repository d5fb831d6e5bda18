import KVCacheFormat

// What layers with a sliding window keep of a segment, against what tokens would see of it.

extension ModelConfiguration {
  /// Finds what a token at one of rising `positions` would see of a segment though a layer did not keep it.
  ///
  /// What is left out of the segment plays no part: the sequence has it itself.
  func statesLacking(in seen: AttendedSegment, at positions: [Int32]) -> (layer: Int, position: Int)? {
    let layout = seen.segment.layout
    guard !layout.isWhole, let first = positions.index(ofFirstAtLeast: Int32(seen.place)) else { return nil }
    for (layer, description) in decoder.layers.enumerated() {
      let dropped = min(layout.dropped(layer: layer), seen.count)
      let window = description.window ?? .max
      // A token that is not left out; what comes before it was looked at or is out of sight.
      var present = 0
      for position in positions[first...].lazy.map({ Int($0) }) {
        let seenTokens = max(position - seen.place - window + 1, 0)..<position - seen.place + 1
        guard seenTokens.lowerBound < dropped else { break }
        present = max(present, seenTokens.lowerBound)
        while present < dropped, seen.omitted?.contains(present) == true { present += 1 }
        if present < min(dropped, seenTokens.upperBound) { return (layer, position) }
      }
    }
    return nil
  }
}

extension InferenceEngine {
  /// Whether a sequence that sees the other tokens of `segment` can compute these again: of what each of them sees, itself
  /// included, no layer has dropped a token that is not among them.
  ///
  /// - Parameters:
  ///   - tokens: counted from the segment's first one; what lies outside it plays no part.
  ///   - segment: what has them.
  public func canComputeAgain(_ tokens: [Range<Int>], of segment: KVSegment) -> Bool {
    let seen = AttendedSegment(segment, place: 0, omitting: tokens)
    guard let omitted = seen.omitted else { return true }
    let positions = (0..<Int32(seen.count)).filter { omitted.contains(Int($0)) }
    return configuration.statesLacking(in: seen, at: positions) == nil
  }

  /// The tokens of `segment` that can be computed again whichever others are: what they see, each layer has kept. They are
  /// the last ones, and all of them where no layer has dropped any.
  public func tokensComputableAlone(of segment: KVSegment) -> Range<Int> {
    let layout = segment.layout
    var first = 0
    for (layer, description) in configuration.decoder.layers.enumerated() {
      let dropped = layout.dropped(layer: layer)
      guard dropped > 0 else { continue }
      guard let window = description.window else { return layout.tokens..<layout.tokens }
      first = max(first, min(dropped + window - 1, layout.tokens))
    }
    return first..<layout.tokens
  }
}

extension [Int32] {
  /// Index of the first of rising numbers that is `least` or more.
  fileprivate func index(ofFirstAtLeast least: Int32) -> Int? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < least { low = middle + 1 } else { high = middle }
    }
    return low < count ? low : nil
  }
}
