internal import ContentHash

/// Goes through a database once and notes what is wrong.
struct Verifier {
  /// An encoding of any tenant.
  private struct Encoding: Hashable {
    let namespace: SHA256Digest
    let key: EncodingKey
  }

  /// What a tenant has, to be compared with its account.
  private struct Sum: Equatable {
    var blobs = 0
    var byteCount = 0
  }

  private let database: DatabaseFile
  private let progress: ((Int, Int) -> Void)?
  private var report = Verification()
  private var damagedBlobs: [(key: BlobKey, namespace: SHA256Digest, problem: String)] = []
  private var damagedRecords: [(table: Table.Name, namespace: SHA256Digest?, problem: String)] = []
  private var needs: [Encoding: [Damage.Need]] = [:]
  private var joint: [Encoding: JointRecord] = [:]
  private var names: [SHA256Digest: String] = [:]
  private var accounts: [SHA256Digest: Sum] = [:]
  private var sums: [SHA256Digest: Sum] = [:]

  init(_ database: DatabaseFile, _ progress: ((Int, Int) -> Void)?) {
    self.database = database
    self.progress = progress
  }

  /// Looks at all of it, and hands to `onWhole`, table by table and in order of keys, what is as it was written.
  mutating func run(
    onWhole: (_ table: Table.Name, _ key: RawSpan, _ value: RawSpan) throws(StoreError) -> Void = { _, _, _ in }
  ) throws(StoreError) -> Verification {
    let defects = try database.visit { (table, key, content) throws(StoreError) in
      if table == .blobs { count(content.byteCount, key) }
      guard let value = read(content, key, table) else { return }
      let span = unsafe value.span.bytes
      let isWhole = table == .blobs ? check(blob: span, key) : check(record: span, key, in: table)
      if isWhole { try onWhole(table, key, span) }
    }
    // What cannot be reached cannot be counted.
    for (tag, sum) in accounts where defects.isEmpty && sum != sums[tag] ?? Sum() {
      let (counted, account) = (sums[tag] ?? Sum(), sum)
      let problem =
        "it says \(account.blobs) blobs of \(account.byteCount) bytes, there are \(counted.blobs) of \(counted.byteCount)"
      damagedRecords.append((.namespaces, tag, problem))
    }
    report.damage += defects.map { Damage(page: $0.page, problem: $0.problem.message) }
    report.damage += damagedRecords.map { record in
      Damage(record: record.table.rawValue, namespace: record.namespace.flatMap { names[$0] }, problem: record.problem)
    }
    report.damage += damagedBlobs.map { blob in
      var damage = Damage(blob: blob.key, namespace: names[blob.namespace], problem: blob.problem)
      let encoding = Encoding(namespace: blob.namespace, key: blob.key.encodingKey)
      damage.joint = joint[encoding].map { Damage.Joint(schema: $0.schema, label: $0.label, position: $0.position) }
      damage.neededBy = (needs[encoding] ?? []).sorted { ($1.version, $0.schema) < ($0.version, $1.schema) }
      return damage
    }
    return report
  }

  /// The value that `content` is; `nil`, noted, if its pages cannot be read.
  private mutating func read(_ content: borrowing Page.Content, _ key: RawSpan, _ table: Table.Name) -> [UInt8]? {
    do throws(PageDefect) {
      return try database.value(content)
    } catch {
      note("its pages cannot be read: \(error.problem.message)", key, in: table)
      return nil
    }
  }

  /// Notes what is wrong with the entry at `key`.
  private mutating func note(_ problem: String, _ key: RawSpan, in table: Table.Name) {
    let namespace = key.byteCount >= SHA256Digest.byteCount ? SHA256Digest(copying: key, at: 0) : nil
    if table == .blobs, let namespace, let key = BlobKey(key) {
      damagedBlobs.append((key, namespace, problem))
    } else {
      damagedRecords.append((table, namespace, "entry \(key.hexadecimal): \(problem)"))
    }
  }

  /// Counts a blob of `byteCount` bytes for the tenant whose key it has.
  private mutating func count(_ byteCount: Int, _ key: RawSpan) {
    guard key.byteCount >= SHA256Digest.byteCount else { return }
    sums[SHA256Digest(copying: key, at: 0), default: Sum()].blobs += 1
    sums[SHA256Digest(copying: key, at: 0), default: Sum()].byteCount += BlobSize.onDisk(value: byteCount)
  }

  private mutating func check(blob value: RawSpan, _ key: RawSpan) -> Bool {
    report.blobs += 1
    report.byteCount += BlobSize.onDisk(value: value.byteCount)
    if report.blobs % 256 == 0 { progress?(report.byteCount, database.meta.pageCount * database.meta.pageByteCount) }
    do throws(BlobDefect) {
      try BlobHeader(of: value).check(value, key: key)
      return true
    } catch {
      note(error.message, key, in: .blobs)
      return false
    }
  }

  private mutating func check(record value: RawSpan, _ key: RawSpan, in table: Table.Name) -> Bool {
    report.records += 1
    guard key.byteCount >= SHA256Digest.byteCount, Record.body(of: value, key: key) != nil,
      take(value, key, table, SHA256Digest(copying: key, at: 0))
    else {
      note("it is not what was written", key, in: table)
      return false
    }
    return true
  }

  /// Takes in what a whole record says.
  ///
  /// - Returns: whether it could be read.
  private mutating func take(
    _ record: RawSpan, _ key: RawSpan, _ table: Table.Name, _ namespace: SHA256Digest
  ) -> Bool {
    switch table {
    case .namespaces:
      guard let account = NamespaceAccount(record: record, key: key) else { return false }
      names[namespace] = account.name
      accounts[namespace] = Sum(blobs: account.blobs, byteCount: account.byteCount)
    case .versions:
      guard let version = VersionRecord(record: record, key: key) else { return false }
      for (index, key) in version.encodingKeys.enumerated() {
        let label = index < version.labels.count ? version.labels[index] : nil
        needs[Encoding(namespace: namespace, key: key), default: []].append(
          Damage.Need(schema: version.schema, version: version.number, label: label))
      }
    case .uses:
      if let encoding = EncodingKey(key), let record = Use(of: record, key: key).joint {
        joint[Encoding(namespace: namespace, key: encoding)] = record
      }
    case .blobs, .documents, .heads, .memos, .pins, .texts: break
    }
    return true
  }
}
