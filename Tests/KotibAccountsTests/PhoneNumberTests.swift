import Testing

@testable import KotibAccounts

struct PhoneNumberTests {
    @Test(arguments: [
        "+998901234567", "+998 90 123 45 67", "+998 (90) 123-45-67", "00998901234567", " +998.90.123.45.67 ",
    ])
    func waysOfWritingAreOneNumber(written: String) {
        #expect(PhoneNumber(written)?.text == "+998901234567")
    }

    @Test(arguments: [
        "", "+", "00", "998901234567", "+0998901234567", "+9989012", "+1234567890123456", "++998901234567",
        "+998901234567x", "+99890123456७", "+９９８９０１２３４５６７", "+٩٩٨٩٠١٢٣٤٥٦٧", "+998901234567\n",
        "+998901234567\u{0}",
        "+998901234567;ext=1", "tel:+998901234567", "+998\u{A0}901234567", "\u{202E}+998901234567",
        "+998901234567,+998901234568", String(repeating: " ", count: 1 << 20) + "+998901234567",
    ])
    func anythingElseIsNone(written: String) {
        #expect(PhoneNumber(written) == nil)
    }

    @Test func lengthsAreThoseOfE164() {
        #expect(PhoneNumber("+12345678") != nil)
        #expect(PhoneNumber("+123456789012345") != nil)
    }

    @Test func logsGetItsEnd() throws {
        let number = try #require(PhoneNumber("+998901234567"))
        #expect("\(number)" == "…4567" && number.digits == "998901234567")
    }
}
