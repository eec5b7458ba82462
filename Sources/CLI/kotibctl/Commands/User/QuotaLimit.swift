import ArgumentParser
import KotibControlProtocol

/// A limit as a person writes it: a number, `none` or `default`.
enum QuotaLimit {
    /// Bytes, with or without K, M, G or T for powers of 1024.
    struct Size: ExpressibleByArgument, Hashable {
        let number: Int64

        init?(argument: String) {
            guard let number = QuotaLimit.number(argument, suffixes: ["k", "m", "g", "t"]) else { return nil }
            self.number = number
        }
    }

    struct Count: ExpressibleByArgument, Hashable {
        let number: Int64

        init?(argument: String) {
            guard let number = QuotaLimit.number(argument, suffixes: []) else { return nil }
            self.number = number
        }
    }

    /// In the form that the daemon takes. Nil for an invalid limit.
    private static func number(_ argument: String, suffixes: [Character]) -> Int64? {
        let text = argument.lowercased()
        switch text {
        case "none": return 0
        case "default": return ChangeUserRequest.daemonDefaultQuota
        default: break
        }
        let power = text.last.flatMap(suffixes.firstIndex).map { $0 + 1 } ?? 0
        let digits = power > 0 ? text.dropLast() : text[...]
        // Int64 itself takes a sign.
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int64(digits) else { return nil }
        let (product, overflows) = number.multipliedReportingOverflow(by: 1 << (10 * Int64(power)))
        return overflows ? nil : product
    }
}
