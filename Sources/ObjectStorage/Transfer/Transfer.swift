internal import CCurl
internal import FileSystem

/// One request and its answer, read as it comes, on the thread of whoever reads.
///
/// What arrives goes straight into the reader's memory; what does not fit there waits in the connection. So it takes the
/// same memory whatever the object's size.
@safe final class Transfer {
  private let lane: Lane
  private var headers: UnsafeMutablePointer<curl_slist>?
  /// Whether libcurl knows of it.
  private var isAttached = false
  private let stallTime: Duration
  private let body: ObjectBody?

  private var sent = 0
  private var status = 0
  private var fields: [String: String] = [:]
  private var isHeadComplete = false
  private var result: CURLcode?
  /// Where the reader wants bytes, and how much of it is filled.
  private var destination = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var filled = 0
  /// Bytes that came while nobody wanted any: one piece at most, then the connection waits.
  private var early: ArraySlice<UInt8> = []
  private var isPaused = false
  /// When something last came or went.
  private var lastMovement = ContinuousClock.now

  /// Begins the request on a lane, which is its alone.
  init(
    _ request: HTTPRequest, on lane: Lane, connectTime: Duration, stallTime: Duration, certificates: FilePath?,
    proxy: String?
  ) throws(TransferFailure) {
    self.lane = lane
    self.stallTime = stallTime
    body = request.body
    unsafe headers = nil
    let easy = unsafe lane.easy
    unsafe curl_easy_reset(easy)
    for header in request.headers where header.name != "host" {
      let list = unsafe "\(header.name): \(header.value)".withCString { unsafe curl_slist_append(headers, $0) }
      guard let list = unsafe list else { throw .noClient }
      unsafe headers = unsafe list
    }
    // Waiting for leave to send costs a round trip, and a second where the server does not know of it; libcurl would add a
    // type of its own.
    for name in ["Expect:", "Content-Type:", "Accept:"] {
      let list = unsafe name.withCString { unsafe curl_slist_append(headers, $0) }
      guard let list = unsafe list else { throw .noClient }
      unsafe headers = unsafe list
    }
    set(CURLOPT_URL, request.url)
    // Only what is asked for here: no file, no other protocol, no other place that an answer names.
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    set(CURLOPT_FOLLOWLOCATION, 0)
    set(CURLOPT_PATH_AS_IS, 1)
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_NOPROGRESS, 1)
    set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    set(CURLOPT_TCP_NODELAY, 1)
    set(CURLOPT_TCP_KEEPALIVE, 1)
    // What comes is copied from there once more: it should still be in a core's own cache.
    set(CURLOPT_BUFFERSIZE, 1 << 17)
    set(CURLOPT_UPLOAD_BUFFERSIZE, 1 << 19)
    set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(connectTime.seconds * 1000)))
    set(CURLOPT_SSL_VERIFYPEER, 1)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    if let certificates {
      _ = unsafe certificates.withCString { unsafe ccurl_set_text(easy, CURLOPT_CAINFO, $0) }
      // These alone: libcurl would trust the system's folder beside them.
      unsafe ccurl_set_text(easy, CURLOPT_CAPATH, nil)
    }
    if let proxy { set(CURLOPT_PROXY, proxy) }
    unsafe ccurl_set_headers(easy, headers)
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe ccurl_set_callback(easy, CURLOPT_WRITEFUNCTION) { unsafe transfer($3)?.receive($0, $1 * $2) ?? 0 }
    unsafe ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
    unsafe ccurl_set_callback(easy, CURLOPT_HEADERFUNCTION) { unsafe transfer($3)?.receiveHeader($0, $1 * $2) ?? 0 }
    unsafe ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
    switch request.method {
    case "GET": break
    case "HEAD": set(CURLOPT_NOBODY, 1)
    case "PUT":
      set(CURLOPT_UPLOAD, 1)
      unsafe ccurl_set_callback(easy, CURLOPT_READFUNCTION) { unsafe transfer($3)?.send($0, $1 * $2) ?? 0 }
      unsafe ccurl_set_pointer(easy, CURLOPT_READDATA, context)
      unsafe ccurl_set_seek(easy) { unsafe transfer($0)?.rewind(to: Int($1), from: $2) ?? CURL_SEEKFUNC_CANTSEEK }
      unsafe ccurl_set_pointer(easy, CURLOPT_SEEKDATA, context)
      unsafe ccurl_set_size(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(body?.byteCount ?? 0))
    default: set(CURLOPT_CUSTOMREQUEST, request.method)
    }
    guard unsafe curl_multi_add_handle(lane.multi, easy) == CURLM_OK else { throw .noClient }
    isAttached = true
  }

  deinit {
    detach()
    unsafe curl_slist_free_all(headers)
  }

  /// The lane, for another transfer, where all of the answer has come: from here on it is not this one's. What came early can
  /// still be read.
  ///
  /// - Returns: `nil` where its connection cannot be used again, and the second time.
  func leave() -> Lane? {
    guard isAttached, result == CURLE_OK else { return nil }
    detach()
    return lane
  }

  private func detach() {
    guard isAttached else { return }
    isAttached = false
    unsafe curl_multi_remove_handle(lane.multi, lane.easy)
  }

  private func set(_ option: CURLoption, _ value: Int) { unsafe ccurl_set_long(lane.easy, option, value) }

  private func set(_ option: CURLoption, _ value: String) {
    _ = unsafe value.withCString { unsafe ccurl_set_text(lane.easy, option, $0) }
  }

  // MARK: - What a reader does

  /// The head of the answer, once it is there. A body has been sent by then, unless the server did not want it.
  func response() throws(TransferFailure) -> HTTPResponse {
    while !isHeadComplete { try advance() }
    return HTTPResponse(status: status, headers: fields)
  }

  /// Fills `span` with the next bytes of the answer's body, up to its end.
  ///
  /// - Returns: how many.
  func read(into span: inout MutableRawSpan) throws(TransferFailure) -> Int {
    let failure = unsafe span.withUnsafeMutableBytes { buffer -> TransferFailure? in
      let ready = min(early.count, buffer.count)
      unsafe buffer.copyBytes(from: early.prefix(ready))
      early = early.dropFirst(ready)
      unsafe destination = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[ready...])
      filled = 0
      defer { unsafe destination = UnsafeMutableRawBufferPointer(start: nil, count: 0) }
      defer { filled += ready }
      do throws(TransferFailure) {
        while unsafe filled < destination.count, !isDone { try advance() }
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
    return filled
  }

  /// Bytes that the last reading gave, also where it failed.
  var deliveredCount: Int { filled }

  /// Whether all has come and was read.
  private var isDone: Bool { result == CURLE_OK && early.isEmpty }

  // MARK: - libcurl's part

  /// Lets bytes come and go, or waits for some.
  private func advance() throws(TransferFailure) {
    if let result {
      guard result == CURLE_OK else { throw TransferFailure(result) }
      // The head of an answer ends it, or there is none.
      guard isHeadComplete else { throw .broken("the answer has no head") }
      return
    }
    let before = (sent, filled, early.count, fields.count)
    if isPaused {
      isPaused = false
      // What it kept meanwhile comes at once, and there may be nothing more to wait for.
      unsafe curl_easy_pause(lane.easy, CURLPAUSE_CONT)
      if before != (sent, filled, early.count, fields.count) {
        lastMovement = .now
        return
      }
    }
    var running: Int32 = 0
    guard unsafe curl_multi_perform(lane.multi, &running) == CURLM_OK else { throw .noClient }
    let ended = unsafe ccurl_result(lane.multi)
    if ended != CURLE_AGAIN {
      result = ended
      guard ended == CURLE_OK else { throw TransferFailure(ended) }
      return
    }
    let now = ContinuousClock.now
    if before != (sent, filled, early.count, fields.count) {
      lastMovement = now
      return
    }
    guard now - lastMovement < stallTime else { throw .broken("nothing came for \(stallTime)") }
    unsafe curl_multi_poll(lane.multi, nil, 0, 100, nil)
  }

  fileprivate func receive(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int {
    guard let bytes = unsafe bytes else { return 0 }
    let room = unsafe destination.count - filled
    // It is given again once there is room.
    guard room > 0 || early.isEmpty else {
      isPaused = true
      return Int(CURL_WRITEFUNC_PAUSE)
    }
    return unsafe take(bytes, count, room)
  }

  private func take(_ bytes: UnsafePointer<CChar>, _ count: Int, _ room: Int) -> Int {
    let source = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
    let direct = min(count, room)
    if direct > 0, let start = unsafe destination.baseAddress {
      unsafe (start + filled).copyMemory(from: bytes, byteCount: direct)
      filled += direct
    }
    if direct < count { unsafe early += source[direct...] }
    return count
  }

  fileprivate func receiveHeader(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> Int {
    guard let bytes = unsafe bytes else { return 0 }
    let line = unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      // An answer may come after others that only say that it will.
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      fields = [:]
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...].drop { $0 == " " }.prefix { !$0.isNewline }
      if fields.count < 200 { fields[line[..<colon].lowercased()] = String(value) }
    } else if status >= 200 {
      isHeadComplete = true
    }
    return count
  }

  fileprivate func send(_ bytes: UnsafeMutablePointer<CChar>?, _ room: Int) -> Int {
    guard let body, let bytes = unsafe bytes else { return 0 }
    let count = min(room, body.byteCount - sent)
    guard count > 0 else { return 0 }
    var span = unsafe MutableRawSpan(_unsafeStart: UnsafeMutableRawPointer(bytes), byteCount: count)
    body.fill(sent, &span)
    sent += count
    return count
  }

  fileprivate func rewind(to offset: Int, from origin: Int32) -> Int32 {
    guard origin == SEEK_SET, let body, (0...body.byteCount).contains(offset) else { return CURL_SEEKFUNC_FAIL }
    sent = offset
    return CURL_SEEKFUNC_OK
  }
}

/// The transfer that a callback is about. It lives as long as libcurl can call one.
private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
  guard let context = unsafe context else { return nil }
  return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

extension TransferFailure {
  init(_ code: CURLcode) {
    // libcurl's own words: they name no more than what failed.
    let problem = unsafe String(cString: curl_easy_strerror(code)).lowercased()
    switch code {
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT,
      CURLE_SSL_CONNECT_ERROR, CURLE_INTERFACE_FAILED:
      self = .noConnection(problem)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_URL_MALFORMAT,
      CURLE_UNSUPPORTED_PROTOCOL:
      self = .hopeless(problem)
    default: self = .broken(problem)
    }
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
