import CKernels

/// The turned form of a model's matrices in blocks: panels of sixteen weight rows, these across the lanes of a vector, so
/// that products need not turn them. They are multiplied to the same bits as where a GGUF file has them.
///
/// For each matrix there is a tensor of its own name, type `U8`, shape (panels, bytes of a panel); what a panel holds says
/// `body/turned.h` of `CKernels`.
struct TurnedFile {
  /// Grows with every change of what the bytes mean.
  static let version = 1

  let byteCount: Int
  private let matrices: [Linear]
  private let header: [UInt8]
  /// Where each matrix begins in the file.
  private let offsets: [Int]

  /// Whether weights of a type have a turned form that this CPU multiplies faster.
  static func isWanted(_ element: WeightElement) -> Bool { ck_turned_rows(element.kernelElement) > 0 }

  /// The file for these matrices, all of them wanted, of the model with this fingerprint.
  init(_ matrices: [Linear], model: String) {
    self.matrices = matrices
    var layout = RepackedLayout(form: "turned \(Self.version)", model: model)
    let starts = matrices.map { linear in
      let turned = linear.weight.turnedSize
      return layout.append(
        linear.name, "U8", [turned.panels, turned.panelBytes], bytes: turned.panels * turned.panelBytes)
    }
    let header = layout.header
    self.header = header
    offsets = starts.map { header.count + $0 }
    byteCount = header.count + layout.tensorByteCount
  }

  /// Whether `file` is this one.
  func isHeld(by file: FileBytes) -> Bool { file.isRepacked(header: header, byteCount: byteCount) }

  /// The matrices as `file` holds them.
  func turned(in file: FileBytes) -> [Linear] {
    zip(matrices, offsets).map { linear, offset in
      var linear = linear
      linear.weight = WeightMatrix(turned: linear.weight, file: file, offset: offset)
      return linear
    }
  }

  /// Fills memory of `byteCount` bytes.
  func write(
    into bytes: UnsafeMutableRawBufferPointer, pool: ThreadPool, progress: (_ done: Int, _ total: Int) -> Void
  ) {
    precondition(bytes.count == byteCount, "\(bytes.count) bytes for \(byteCount)")
    unsafe bytes.copyBytes(from: header)
    guard let base = bytes.baseAddress else { return }
    for (index, linear) in matrices.enumerated() {
      let matrix = linear.weight
      let turned = unsafe base + offsets[index]
      pool.run(matrix.turnedSize.panels) { panel, _ in
        unsafe matrix.withPointers(row: 0, count: matrix.rows) { weights, _ in
          unsafe ck_turn_weights(
            matrix.element.kernelElement, weights, matrix.columns, matrix.rows, panel, panel + 1, turned)
        }
      }
      matrix.release()
      progress(index + 1, matrices.count)
    }
  }
}
