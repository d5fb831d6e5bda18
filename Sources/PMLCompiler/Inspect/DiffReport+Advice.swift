extension DiffReport {
  /// What would have spared work, a line each; nothing where only texts that changed are computed.
  public var advice: [String] {
    var (seeing, moved) = (0, 0)
    for change in diff.computed {
      let tokens = diff.new.tokenCount(of: diff.new.encodings[change.encoding])
      switch change.reason {
      case .contextChanged: seeing += tokens
      case .moved: moved += tokens
      case .new, .textChanged: continue
      }
    }
    var lines: [String] = []
    if seeing > 0 {
      lines.append(
        "\(counted(seeing, "token")) are computed for what they see alone: put what changes often last, where nothing sees it, or "
          + "write `attention=\"isolated\"` on modules that can do without what stands ahead of them")
    }
    if moved > 0 {
      lines.append(
        "\(counted(moved, "token")) are computed for their places alone: leave out `positions=\"fixed\"`, leave room with a "
          + "`<parameter>`, or put what changes in length last")
    }
    return lines
  }
}
