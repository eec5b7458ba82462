/// SubRip and WebVTT.
extension TranscriptDocument {
    /// SubRip knows no escapes: an arrow among the words is pulled apart, so that it is not read as times.
    var subRip: String {
        var text = ""
        for (number, cue) in cues.enumerated() {
            text += "\(number + 1)\n"
            text += "\(Cue.time(cue.start, separator: ",")) --> \(Cue.time(cue.end, separator: ","))\n"
            for line in cue.lines { text += line.replacing("-->", with: "-- >") + "\n" }
            text += "\n"
        }
        return text.isEmpty ? "\n" : text
    }

    /// https://www.w3.org/TR/webvtt1/#file-structure
    var webVTT: String {
        var text = "WEBVTT\n\n"
        for cue in cues {
            text += "\(Cue.time(cue.start, separator: ".")) --> \(Cue.time(cue.end, separator: "."))\n"
            for line in cue.lines { text += Self.escaped(line) + "\n" }
            text += "\n"
        }
        return text
    }

    private static func escaped(_ line: Substring) -> String {
        var text = ""
        for scalar in line.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
