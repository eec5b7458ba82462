import Testing

@testable import kotibctl

@Suite struct ProgressTests {
    @Test func aLineHasNameBarPercentAndTimeLeft() {
        let line = ProgressLine(name: "3 ali/a.wav", fraction: 0.456, remaining: 79.2)
        #expect(
            ProgressDisplay.lines([line], overall: nil, width: 61)
                == ["3 ali/a.wav             ██████████░░░░░░░░░░░░  45%     1:20"])
    }

    @Test(arguments: 1...140) func noLineReachesTheLastColumn(width: Int) {
        let names = ["a", "ali/very long name of a recording from the archive.wav", "日本語の録音ファイル.mp3", ""]
        let items = names.map { ProgressLine(name: $0, fraction: 1, remaining: 1e9) }
        for line in ProgressDisplay.lines(items, overall: items[0], width: width) {
            #expect(line.displayWidth <= max(1, width - 1))
        }
    }

    @Test func hostileNumbersAndNamesAreHarmless() {
        for number in [Double.nan, .infinity, -.infinity, -1, 1e308] {
            let line = ProgressLine(name: "\u{1B}[2J\r\n", fraction: number, remaining: number)
            let text = ProgressDisplay.line(line, width: 60)
            #expect(!text.unicodeScalars.contains { $0.value < 0x20 })
        }
    }

    @Test func oneHundredPercentIsOnlyWhatIsDone() {
        #expect(ProgressDisplay.percent(0.9999) == "99%")
        #expect(ProgressDisplay.percent(1) == "100%")
    }

    @Test func clocks() {
        #expect(
            [0, 59.1, 60, 3599, 3600, 3_661].map(ProgressDisplay.clock)
                == ["0:00", "1:00", "1:00", "59:59", "1:00:00", "1:01:01"])
    }

    @Test func onlySomeAreShownOneByOne() {
        let items = (0..<50).map { ProgressLine(name: "\($0)") }
        let overall = ProgressLine(name: "all")
        #expect(
            ProgressDisplay.lines(items, overall: overall, width: 80).count == ProgressDisplay.maxLines + 1)
    }

    @Test func aFrameIsDrawnOverTheOneBefore() {
        var live = LiveLines()
        #expect(live.frame(["a", "b"], columns: 80) == "a\u{1B}[K\nb\u{1B}[K\n\u{1B}[J")
        #expect(
            live.frame(["c"], stay: ["done"], columns: 80)
                == "\u{1B}[2Adone\u{1B}[K\nc\u{1B}[K\n\u{1B}[J")
        #expect(live.frame([], columns: 80) == "\u{1B}[1A\u{1B}[J")
        #expect(live.frame([], columns: 80) == "\u{1B}[J")
    }

    @Test func aWindowThatBecameNarrowerHasWrappedTheLines() {
        var live = LiveLines()
        _ = live.frame([String(repeating: "x", count: 79), "y", ""], columns: 80)
        #expect(live.frame([], columns: 40) == "\u{1B}[4A\u{1B}[J")
    }
}
