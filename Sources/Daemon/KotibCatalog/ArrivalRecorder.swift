import FoundationEssentials
import GRDB
import KotibModel

/// Records an inspected file within the caller's transaction.
struct ArrivalRecorder {
    private let database: Database

    init(_ database: Database) {
        self.database = database
    }

    /// Accepts it if the user's quota has room.
    /// - Parameters:
    ///   - day: today (``LocalDays``).
    ///   - hasWords: it need not be transcribed, and costs no minutes.
    func accept(
        _ arrival: InspectedFile, within limits: Quota, on day: Int, hasWords: Bool = false
    ) throws -> Result<Acceptance, Rejection> {
        let old = try database.currentRecording(arrival.path)
        // A recording stays accepted: touched, tried again or brought back, it needs no room and no
        // minutes.
        guard try old.map({ try !isSame($0, arrival) }) ?? true else {
            return .success(try accept(arrival, inPlaceOf: old))
        }
        let counted = old.map { $0.state != .rejected && $0.audio == .present } ?? false
        // Bytes of a growth that was refused: the file's size includes them, its claim did not.
        let waiting = try counted ? old.flatMap { try database.waitingGrowth(of: $0.id) } ?? 0 : 0
        let grown = try old.flatMap { try isGrown($0, arrival.facts) ? $0.facts?.duration : nil }
        let taken = QuotaClaim.milliseconds(of: grown ?? 0)
        let isFree = try old == nil && (hasWords || database.wasKnownBeforeRebuild(arrival.identity))
        // A recording that is replaced before its transcription began gives its minutes back.
        let returned = try grown == nil ? old.map { try database.unheardCharge($0.id, on: day) } ?? 0 : 0
        let claim = QuotaClaim(
            size: arrival.identity.size,
            milliseconds: isFree ? 0 : max(0, QuotaClaim.milliseconds(of: arrival.facts.duration) - taken),
            replaced: counted ? old.map { $0.identity.size.minus(waiting) } : nil)
        let folder = arrival.path.user
        let (own, use) = try database.quota(ofFolder: folder) ?? (QuotaOverrides(), QuotaUsage())
        var beside = use.on(day)
        beside.bytes = beside.bytes.minus(waiting)
        beside.milliseconds = max(0, beside.milliseconds - returned)
        if let refusal = limits.with(own).refusal(of: claim, beside: beside) { return .failure(refusal) }
        let acceptance = try accept(arrival, inPlaceOf: old)
        try database.count(claim, ofFolder: folder, on: day)
        try database.charge(acceptance.recording, claim.milliseconds, on: day)
        return .success(acceptance)
    }

    /// Whether it is the recording that was accepted at its path before, perhaps with other tags. While that
    /// one is being deleted only the very file is, perhaps with other attributes.
    private func isSame(_ old: Recording, _ arrival: InspectedFile) throws -> Bool {
        guard old.isSame(arrival.facts, size: arrival.identity.size) else { return false }
        return try !database.isBeingDeleted(old.id) || old.identity.isSameContent(as: arrival.identity)
    }

    /// Whether the recording that was accepted at its path before has grown.
    private func isGrown(_ old: Recording, _ facts: AudioFacts) throws -> Bool {
        guard old.state != .rejected, let sound = old.facts?.sound, facts.continues == sound else {
            return false
        }
        return try !database.isBeingDeleted(old.id)
    }

    /// - Parameter old: what is current at its path.
    func accept(_ arrival: InspectedFile, inPlaceOf old: Recording?) throws -> Acceptance {
        guard let old else { return .new(try database.insert(arrival)) }
        let isSame = old.isSame(arrival.facts, size: arrival.identity.size)
        if try isGrown(old, arrival.facts) {
            let notes = try database.notesToRemove(of: old.id)
            try database.grow(old.id, arrival)
            return .grown(old.id, notes: notes)
        }
        if try database.isBeingDeleted(old.id) {
            // Only the very file that is to go is still the old one, its attributes changed perhaps.
            if isSame && old.identity.isSameContent(as: arrival.identity) {
                try database.identify(old.id, arrival.identity, now: arrival.now)
                return .unchanged(old.id)
            }
            try database.supersede(old.id, now: arrival.now)
            return .replaced(try database.insert(arrival), old: old.id, notes: [])
        }
        // A failed recording that is put there anew is tried again.
        if old.state == .rejected || (old.state == .failed && isSame) {
            let notes = try database.notesToRemove(of: old.id)
            try database.readmit(old.id, arrival)
            return .readmitted(old.id, notes: notes)
        }
        if isSame {
            try database.returned(old, arrival)
            return .unchanged(old.id)
        }
        let notes = try database.notesToRemove(of: old.id)
        try database.supersede(old.id, now: arrival.now)
        let new = try database.insert(arrival)
        try database.inherit(from: old.id, to: new)
        return .replaced(new, old: old.id, notes: notes)
    }

    /// - Parameter facts: of what is refused for want of room alone, and waits for it.
    func reject(
        _ arrival: RejectedFile, waitingWith facts: AudioFacts?, _ doubt: ContentDoubt = .none
    ) throws -> Refusal {
        if let facts, let old = try database.currentRecording(arrival.path), try isGrown(old, facts) {
            return try keep(old, arrival, facts, doubt)
        }
        if facts == nil, let old = try database.currentRecording(arrival.path), try isGrown(old, arrival) {
            return try keep(old, arrival)
        }
        let refusal = try reject(arrival, facts)
        if let facts, !refusal.isKept {
            try database.wait(refusal.recording, arrival.identity, facts, doubt: doubt)
        }
        return refusal
    }

    /// The growth of a recording exceeds the quota: the recording is unchanged, with its job and its words.
    private func keep(
        _ old: Recording, _ arrival: RejectedFile, _ facts: AudioFacts, _ doubt: ContentDoubt
    ) throws -> Refusal {
        let waiting = try database.waitingGrowth(of: old.id) ?? 0
        try database.waitToGrow(
            old, arrival.identity, facts, by: arrival.identity.size.minus(old.identity.size.minus(waiting)),
            doubt: doubt)
        try database.identify(old.id, arrival.identity, now: arrival.now)
        try database.makeDue(.rejected, old.id)
        return Refusal(recording: old.id, waitsToGrow: true, old: nil, notes: [])
    }

    /// Whether the file of an accepted recording became longer, for all that is known of a file that is
    /// refused before its end was heard. A job that hears its beginning checks that (`AudioOpener`).
    private func isGrown(_ old: Recording, _ arrival: RejectedFile) throws -> Bool {
        let (before, now) = (old.identity, arrival.identity)
        guard RefusedGrowth.codes.contains(arrival.code), old.state != .rejected, old.state != .failed,
            old.audio == .present, now.device == before.device, now.inode == before.inode,
            now.size > before.size || (old.hasRefusedGrowth && now.size == before.size)
        else { return false }
        return try !database.isBeingDeleted(old.id)
    }

    /// The growth of a recording is refused: the recording is unchanged, with its job and its words.
    private func keep(_ old: Recording, _ arrival: RejectedFile) throws -> Refusal {
        // Whoever hears it again compares a longer file with what was accepted; of what may be read by all of
        // its folder and has its words, one look is enough.
        if old.state == .completed, RefusedGrowth.codesOfReadable.contains(arrival.code) {
            try database.identify(old.id, arrival.identity, now: arrival.now)
        }
        if old.errorCode == arrival.code, old.errorMessage == arrival.message {
            return Refusal(recording: old.id, isKept: true, old: nil, notes: [])
        }
        try database.endGrowthWait(of: old.id)
        try database.refuseGrowth(old.id, arrival)
        try database.makeDue(.rejected, old.id)
        return Refusal(recording: old.id, isOfGrowth: true, old: nil, notes: [])
    }

    private func reject(_ arrival: RejectedFile, _ facts: AudioFacts?) throws -> Refusal {
        guard let old = try database.currentRecording(arrival.path) else {
            return Refusal(recording: try database.insert(arrival), old: nil, notes: [])
        }
        // The file that is to go still is; another in its place is not.
        let isGoing = try database.isBeingDeleted(old.id)
        var isSame = old.identity.isSameContent(as: arrival.identity)
        if let facts {
            // There is room by now, and another look has found it.
            let isTaken = old.isSame(facts, size: arrival.identity.size)
            isSame = isTaken && (isSame || !isGoing)
        }
        // An accepted recording is not refused for its mode, or for a backup by links.
        if isSame, isGoing || facts != nil || old.state == .completed || old.state == .failed {
            try database.identify(old.id, arrival.identity, now: arrival.now)
            if let facts { try database.describe(old, facts) }
            return Refusal(recording: old.id, isKept: true, old: nil, notes: [])
        }
        if old.state == .rejected, !isGoing {
            try database.rejectAgain(old, arrival)
            return Refusal(recording: old.id, old: nil, notes: [])
        }
        let notes = isGoing ? [] : try database.notesToRemove(of: old.id)
        try database.supersede(old.id, now: arrival.now)
        let new = try database.insert(arrival)
        if !isGoing { try database.inherit(from: old.id, to: new) }
        return Refusal(recording: new, old: old.id, notes: notes)
    }
}
