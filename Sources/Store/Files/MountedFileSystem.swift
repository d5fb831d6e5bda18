internal import FileSystem

/// The file system that holds a file, as `/proc/self/mountinfo` has it.
package struct MountedFileSystem {
  /// Its type, such as `ext4`.
  package let type: String

  /// The file system of the device `device`, or `nil` if the system does not tell.
  init?(device: UInt64) {
    guard let bytes = try? OpenFile("/proc/self/mountinfo", .reading).read(atMost: 1 << 20) else { return nil }
    self.init(device: device, mounts: String(decoding: bytes, as: UTF8.self))
  }

  /// The same, of a table of mounts: `id parent major:minor root point options … - type source options` (proc(5)).
  package init?(device: UInt64, mounts: String) {
    let major = (device >> 8 & 0xFFF) | (device >> 32 & 0xFFFF_F000)
    let minor = (device & 0xFF) | (device >> 12 & 0xFFFF_FF00)
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 3, fields[2] == "\(major):\(minor)", let dash = fields.firstIndex(of: "-"),
        dash + 1 < fields.count
      else { continue }
      type = String(fields[dash + 1])
      return
    }
    return nil
  }

  /// Why no store can lie on it, or `nil` if one can.
  package var objection: String? {
    switch type {
    case "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "ceph", "lustre", "glusterfs", "fuse.sshfs",
      "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "virtiofs":
      "other machines may change the files unseen by this one's memory map and locks"
    case "vfat", "msdos", "exfat":
      "it has no sparse files, no owners and no modes"
    default: nil
    }
  }

  /// Throws if no store can lie on the file system that holds `path`.
  static func check(_ path: FilePath, _ status: FileStatus) throws(StoreError) {
    guard let found = Self(device: status.identity.device), let objection = found.objection else { return }
    throw .unsuitableFileSystem(path: path.description, type: found.type, reason: objection)
  }
}
