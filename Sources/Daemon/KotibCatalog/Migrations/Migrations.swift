import GRDB

/// The tables, from the first on. A migration that has been released is never edited: add another.
enum Migrations {
    static let all: DatabaseMigrator = {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 accounts") { try $0.execute(sql: accounts) }
        migrator.registerMigration("2 recordings") { try $0.execute(sql: recordings) }
        migrator.registerMigration("3 turns") { try $0.execute(sql: turns) }
        migrator.registerMigration("4 transcripts and sidecars") { try $0.execute(sql: sidecars) }
        migrator.registerMigration("5 account security") { try $0.execute(sql: accountSecurity) }
        migrator.registerMigration("6 library") { try $0.execute(sql: library) }
        migrator.registerMigration("7 changes") { try $0.execute(sql: changes) }
        migrator.registerMigration("8 times") { try $0.execute(sql: times) }
        migrator.registerMigration("9 contents") { try $0.execute(sql: contents) }
        migrator.registerMigration("10 hooks") { try $0.execute(sql: hooks) }
        migrator.registerMigration("11 limits") { try $0.execute(sql: limits) }
        migrator.registerMigration("12 moves") { try $0.execute(sql: moves) }
        migrator.registerMigration("13 quotas") { try $0.execute(sql: quotas) }
        migrator.registerMigration("14 archive") { try $0.execute(sql: archive) }
        migrator.registerMigration("15 warnings") { try $0.execute(sql: warnings) }
        migrator.registerMigration("16 remarks") { try $0.execute(sql: remarks) }
        migrator.registerMigration("17 incomplete") { try $0.execute(sql: incomplete) }
        migrator.registerMigration("18 sound") { try $0.execute(sql: sound) }
        migrator.registerMigration("19 intents") { try $0.execute(sql: intents) }
        migrator.registerMigration("20 bounds") { try $0.execute(sql: bounds) }
        migrator.registerMigration("21 pruning") { try $0.execute(sql: pruning) }
        migrator.registerMigration("22 identity") { try $0.execute(sql: identity) }
        migrator.registerMigration("23 charges") { try $0.execute(sql: charges) }
        migrator.registerMigration("24 removed texts") { try $0.execute(sql: removedTexts) }
        migrator.registerMigration("25 mounts") { try $0.execute(sql: mounts) }
        migrator.registerMigration("26 patches") { try $0.execute(sql: patches) }
        migrator.registerMigration("27 given languages") { try $0.execute(sql: givenLanguages) }
        migrator.registerMigration("28 text inodes") { try $0.execute(sql: textInodes) }
        migrator.registerMigration("29 text words") { try $0.execute(sql: textWords) }
        return migrator
    }()
}
