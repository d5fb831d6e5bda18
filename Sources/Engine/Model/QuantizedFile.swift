import CKernels
import Glibc
import Synchronization

/// The eight-bit form of a model's matrices, laid out as a safetensors file.
///
/// For each matrix there is a tensor of its own name, type `U8`, shape (rows, bytes of a row); after all of these its
/// scales, type `F32`, shape (rows, groups), under the name and `.scales`. Metadata name the version and the model, so
/// that equal headers mean equal contents (`RepackedLayout`). Each matrix begins at a multiple of 64 bytes.
struct QuantizedFile {
  /// Grows with every change of what the bytes mean.
  static let version = 1

  /// Where a matrix and its scales begin in the file.
  private struct Place {
    let weights: Int
    let scales: Int
  }

  let byteCount: Int
  private let matrices: [Linear]
  private let header: [UInt8]
  private let places: [Place]

  /// The file for these matrices of the model with this fingerprint.
  init(_ matrices: [Linear], model: String) {
    self.matrices = matrices
    var layout = RepackedLayout(form: "q8 \(Self.version)", model: model)
    let weights = matrices.map { linear in
      let rowBytes = ck_q8_row_bytes(linear.weight.columns)
      return layout.append(linear.name, "U8", [linear.weight.rows, rowBytes], bytes: linear.weight.rows * rowBytes)
    }
    let scales = matrices.map { linear in
      let (rows, count) = (linear.weight.rows, ck_q8_row_scales(linear.weight.columns))
      return layout.append("\(linear.name).scales", "F32", [rows, count], bytes: 4 * rows * count)
    }
    let header = layout.header
    self.header = header
    places = zip(weights, scales).map { Place(weights: header.count + $0, scales: header.count + $1) }
    byteCount = header.count + layout.tensorByteCount
  }

  /// Whether `file` is this one.
  func isHeld(by file: FileBytes) -> Bool { file.isRepacked(header: header, byteCount: byteCount) }

  /// The matrices as `file` holds them.
  func quantized(in file: FileBytes) -> [Linear] {
    zip(matrices, places).map { linear, place in
      var linear = linear
      linear.weight = WeightMatrix(
        file: file, offset: place.weights, scalesOffset: place.scales, element: .q8, rows: linear.weight.rows,
        columns: linear.weight.columns)
      return linear
    }
  }

  /// Fills memory of `byteCount` bytes.
  ///
  /// - Throws: `EngineError.weightNotFinite`.
  func write(
    into bytes: UnsafeMutableRawBufferPointer, pool: ThreadPool, progress: (_ done: Int, _ total: Int) -> Void
  ) throws(EngineError) {
    precondition(bytes.count == byteCount, "\(bytes.count) bytes for \(byteCount)")
    unsafe bytes.copyBytes(from: header)
    guard let base = bytes.baseAddress else { return }
    let rowsPerTask = 16
    for (index, linear) in matrices.enumerated() {
      let matrix = linear.weight
      let quantized = unsafe (base + places[index].weights).assumingMemoryBound(to: UInt8.self)
      let scales = unsafe (base + places[index].scales).assumingMemoryBound(to: Float.self)
      let areFinite = Atomic(true)
      pool.run((matrix.rows + rowsPerTask - 1) / rowsPerTask) { task, _ in
        unsafe matrix.withPointers(row: 0, count: matrix.rows) { weights, _ in
          let rows = task * rowsPerTask..<min((task + 1) * rowsPerTask, matrix.rows)
          let isFinite = unsafe ck_quantize_weights(
            matrix.element.kernelElement, weights, matrix.columns, rows.lowerBound, rows.upperBound, quantized, scales)
          if !isFinite { areFinite.store(false, ordering: .relaxed) }
        }
      }
      guard areFinite.load(ordering: .relaxed) else { throw .weightNotFinite(tensor: linear.name, format: .q8) }
      matrix.release()
      progress(index + 1, matrices.count)
    }
  }
}
