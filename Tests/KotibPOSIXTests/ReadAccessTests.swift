import KotibModel
import Testing

@testable import KotibPOSIX

/// The files that Kotib reads to the people of a folder.
@Suite struct ReadAccessTests {
    private func status(
        _ owner: UInt32, _ group: UInt32, _ permissions: UInt16, kind: FileStatus.Kind = .regular
    ) -> FileStatus {
        FileStatus(
            identity: FileIdentity(device: 1, inode: 1, size: 1, modified: 1, changed: 1), kind: kind,
            permissions: permissions, owner: owner, group: group, links: 1)
    }

    private static let (alisher, vali, team, kotib): (UInt32, UInt32, UInt32, UInt32) = (
        4001, 4002, 4003, 990
    )

    /// Whether the people of a folder may have a file of vali's.
    private func may(
        _ file: FileStatus, list: [UInt8] = [], folder: FileStatus, groups: Set<UInt32>? = []
    ) -> Bool {
        FolderReaders(of: folder, daemon: (Self.kotib, Self.kotib), groups: { _ in groups })
            .allow(ReadAccess(file, list: list))
    }

    @Test func worldReadableFileIsRead() {
        let own = status(Self.alisher, Self.alisher, 0o2770, kind: .folder)
        #expect(may(status(Self.vali, Self.vali, 0o644), folder: own))
        #expect(may(status(0, 0, 0o644), folder: own), "copied there by root")
        #expect(may(status(Self.vali, Self.vali, 0o744), folder: own), "Samba's create mask")
        #expect(!may(status(Self.vali, Self.vali, 0o600), folder: own))
        #expect(!may(status(0, 0, 0o600), folder: own))
        #expect(may(status(Self.alisher, 0, 0o400), folder: own))
        #expect(!may(status(Self.vali, Self.team, 0o640), folder: own))
        #expect(may(status(Self.vali, Self.team, 0o640), folder: own, groups: [Self.team]))
    }

    /// The kernel asks for the group before the others (acl(5)).
    @Test func aGroupThatIsDeniedIsNotOthers() {
        let own = status(Self.alisher, Self.alisher, 0o2770, kind: .folder)
        #expect(!may(status(Self.vali, Self.team, 0o604), folder: own, groups: [Self.team]))
        #expect(may(status(Self.vali, Self.team, 0o604), folder: own, groups: [Self.alisher]))
        let shared = status(0, Self.team, 0o2770, kind: .folder)
        #expect(!may(status(Self.vali, Self.team, 0o604), folder: shared))
    }

    /// A shared folder whose members see each other's files by its group (SFTP, umask 027), not their private
    /// ones.
    @Test func aSharedFoldersPeopleAreItsGroup() {
        for owner in [0, Self.kotib] {
            let shared = status(owner, Self.team, 0o2770, kind: .folder)
            #expect(may(status(Self.vali, Self.team, 0o640), folder: shared))
            #expect(!may(status(Self.vali, Self.team, 0o600), folder: shared))
            #expect(!may(status(Self.vali, Self.vali, 0o640), folder: shared))
            #expect(!may(status(Self.vali, Self.team, 0o640), folder: status(owner, Self.team, 0o2777)))
        }
        let members = status(Self.alisher, Self.team, 0o2770, kind: .folder)
        #expect(may(status(Self.vali, Self.team, 0o660), folder: members, groups: [Self.alisher, Self.team]))
    }

    /// In a container the owner of a file may have no account.
    @Test func withoutAnAccountTheFoldersGroupCountsUnlessItIsTheDaemons() {
        let own = status(Self.alisher, Self.team, 0o2770, kind: .folder)
        #expect(may(status(Self.vali, Self.team, 0o640), folder: own, groups: nil))
        let daemons = status(Self.alisher, Self.kotib, 0o2770, kind: .folder)
        #expect(!may(status(Self.vali, Self.kotib, 0o640), folder: daemons, groups: nil))
    }

    /// The mode after `setfacl -m u:4001:r`: the group's bits are the mask.
    @Test func anAccessListCounts() {
        func list(_ entries: [(UInt16, UInt16, UInt32)]) -> [UInt8] {
            [2, 0, 0, 0]
                + entries.flatMap { tag, permissions, id in
                    withUnsafeBytes(of: tag.littleEndian, Array.init)
                        + withUnsafeBytes(of: permissions.littleEndian, Array.init)
                        + withUnsafeBytes(of: id.littleEndian, Array.init)
                }
        }
        let own = status(Self.alisher, Self.alisher, 0o2770, kind: .folder)
        let file = status(Self.vali, Self.vali, 0o640)
        let none = UInt32.max
        let named: [(UInt16, UInt16, UInt32)] = [
            (1, 6, none), (2, 4, Self.alisher), (4, 0, none), (16, 4, none), (32, 0, none),
        ]
        #expect(may(file, list: list(named), folder: own))
        #expect(!may(file, list: list(named.map { $0.0 == 16 ? (16, 0, none) : $0 }), folder: own))
        #expect(!may(file, list: list(named.map { $0.0 == 2 ? (2, 4, 4004) : $0 }), folder: own))
        let group: [(UInt16, UInt16, UInt32)] = [
            (1, 6, none), (4, 0, none), (8, 4, Self.team), (16, 4, none), (32, 0, none),
        ]
        #expect(!may(file, list: list(group), folder: own))
        #expect(may(file, list: list(group), folder: own, groups: [Self.team]))
        #expect(!may(file, list: [2, 0, 0, 0, 1], folder: own))
    }

    @Test func theGroupsOfAnAccountAreThoseOfTheMachine() {
        #expect(SystemAccount.groups(0)?.contains(0) == true)
        #expect(SystemAccount.groups(4_000_000_000) == nil)
    }
}
