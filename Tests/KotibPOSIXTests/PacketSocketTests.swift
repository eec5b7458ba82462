import Glibc
import KotibPOSIX
import KotibTestSupport
import Testing

@Suite struct PacketSocketTests {
    private func text(_ file: OpenFile) throws -> String {
        String(decoding: try file.read(upTo: 100), as: UTF8.self)
    }

    @Test func noneOneOrTwoDescriptorsArriveInTheirOrder() throws {
        let (near, far) = try PacketSocket.pair()
        let files = [try temporaryFile(Array("first".utf8)), try temporaryFile(Array("second".utf8))]
        for count in 0...2 {
            try near.send([7], passing: files.prefix(count).map(\.descriptor))
            let packet = try #require(try far.receive())
            #expect(packet.bytes == [7])
            #expect(try packet.files.map(text) == Array(["first", "second"].prefix(count)))
            #expect(packet.files.allSatisfy { fcntl($0.descriptor, F_GETFD) == FD_CLOEXEC })
        }
    }

    @Test func moreDescriptorsThanTwoAreNotSent() throws {
        let (near, far) = try PacketSocket.pair()
        let file = try temporaryFile()
        #expect(throws: SystemError(code: EINVAL, operation: "sendmsg")) {
            try near.send([1], passing: [file.descriptor, file.descriptor, file.descriptor])
        }
        try near.send([2])
        #expect(try far.receive()?.bytes == [2])
    }

    @Test func descriptorsThatNobodyKeepsAreClosed() throws {
        let (near, far) = try PacketSocket.pair()
        let file = try temporaryFile()
        // More than a process may have open, were they kept.
        for _ in 0..<20_000 {
            try near.send([1], passing: [file.descriptor, file.descriptor])
            #expect(try far.receive()?.files.count == 2)
        }
    }

    @Test func theEndOfTheConnectionIsNoPacket() throws {
        var pair: (PacketSocket, PacketSocket)? = try PacketSocket.pair()
        let far = try #require(pair?.1)
        try pair?.0.send([1], passing: [])
        pair = nil
        #expect(try far.receive()?.bytes == [1])
        #expect(try far.receive() == nil)
    }
}

@Suite struct MemoryBufferTests {
    @Test func itsSizeIsSealedAndItsBytesAreNot() throws {
        let buffer = try OpenFile.inMemory("test", size: 100_000)
        #expect(try buffer.read(upTo: 200_000) == [UInt8](repeating: 0, count: 100_000))
        for size in [0, 99_999, 100_001] as [off_t] {
            #expect(throws: SystemError(code: EPERM, operation: "ftruncate")) {
                try SystemError.check("ftruncate") { ftruncate(buffer.descriptor, size) }
            }
        }
        #expect(pwrite(buffer.descriptor, [1], 1, 99_999) == 1)
        #expect(pwrite(buffer.descriptor, [1, 2], 2, 99_999) == -1)
        #expect(try buffer.read(upTo: 10, from: 99_998) == [0, 1])
        #expect(fcntl(buffer.descriptor, F_GETFD) == FD_CLOEXEC)
    }
}
