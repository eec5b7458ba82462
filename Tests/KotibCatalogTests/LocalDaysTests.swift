import Foundation
import KotibTestSupport
import Testing

@testable import KotibCatalog

/// Against Foundation's own calendar, whose rules of time zones are the IANA's.
struct LocalDaysTests {
    /// Time zones that change clocks at midnight, by half an hour, or cross the date line.
    private static let zones = [
        "UTC", "Asia/Tashkent", "Europe/Berlin", "America/New_York", "America/Havana", "Australia/Lord_Howe",
        "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo",
    ]

    private func days(_ zone: TimeZone) -> LocalDays {
        LocalDays { zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0))) }
    }

    @Test(arguments: zones) func daysBeginAndEndAsTheCalendarSays(name: String) throws {
        let zone = try #require(TimeZone(identifier: name))
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let days = days(zone)
        var random = SeededGenerator(seed: 11)
        for _ in 0..<300 {
            // A time from 2010 to 2030.
            let time = Date(
                timeIntervalSince1970: Double.random(in: 1_262_304_000..<1_893_456_000, using: &random))
            let day = try #require(calendar.dateInterval(of: .day, for: time))
            #expect(days.end(of: time) == day.end, "\(name) \(time)")
            #expect(days.day(of: day.start) == days.day(of: time), "\(name) \(time)")
            #expect(days.day(of: day.end) > days.day(of: time), "\(name) \(time)")
            #expect(days.day(of: day.end - 1) == days.day(of: time), "\(name) \(time)")
        }
    }

    @Test func aDayHasTwentyThreeOrTwentyFiveHoursWhenClocksAreMoved() throws {
        let days = days(try #require(TimeZone(identifier: "Europe/Berlin")))
        for (midnight, hours) in [
            ("2026-03-28T23:00:00Z", 23.0), ("2026-10-24T22:00:00Z", 25), ("2026-06-01T22:00:00Z", 24),
        ] {
            let start = try Date(midnight, strategy: .iso8601)
            #expect(days.end(of: start).timeIntervalSince(start) == hours * 3600, "\(midnight)")
            #expect(days.day(of: start - 1) + 1 == days.day(of: start))
        }
    }

    @Test func daysBefore1970AreDaysToo() {
        let days = LocalDays { _ in -3600 }
        #expect(days.day(of: Date(timeIntervalSince1970: 0)) == -1)
        #expect(days.end(of: Date(timeIntervalSince1970: 0)) == Date(timeIntervalSince1970: 3600))
    }

    @Test func theServersOwnZoneIsFoundations() {
        let now = Date()
        #expect(
            LocalDays.serversOffset(Int(now.timeIntervalSince1970))
                == TimeZone.current.secondsFromGMT(for: now))
    }
}
