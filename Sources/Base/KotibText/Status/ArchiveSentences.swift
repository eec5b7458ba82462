/// Issues of the archive, for the administrator.
extension Sentence {
    public static func archiveMissing(_ since: String, _ reason: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri arxiv papkasidan foydalanib boʻlmayapti (\(reason)); uni ulang (mount) "
                + "yoki yarating, agar arxiv boshqa papkada davom etsa, unda boʻsh .kotib-archive faylini "
                + "yarating; ungacha hech narsa koʻchirilmaydi.",
            english:
                "Since \(since) the archive folder cannot be used (\(reason)); mount or create it, or, if "
                + "another folder is to go on as the archive, make an empty file .kotib-archive in it; until "
                + "then nothing is moved.",
            russian: "С \(since) папка архива недоступна (\(reason)); подключите (mount) или создайте её, а "
                + "если архив продолжается в другой папке, создайте в ней пустой файл .kotib-archive; до тех "
                + "пор ничего не переносится.")
    }

    public static func archiveFull(_ since: String) -> Sentence {
        Sentence(
            uzbek:
                "\(since) dan beri arxiv turgan diskda joy yoki kvota qolmagan; audiolar inboxda qolmoqda, "
                + "joy boʻshating va ular oʻzi koʻchiriladi.",
            english: "Since \(since) the archive's disk or quota is full; audio stays in the inbox, so free "
                + "space and it is archived by itself.",
            russian:
                "С \(since) диск или квота архива заполнены; аудио остаётся в inbox, освободите место, и "
                + "оно перенесётся само.")
    }

    public static func archiveReadOnly(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri arxivga yozib boʻlmayapti; kotib foydalanuvchisiga yozish ruxsatini "
                + "bering (systemd da ReadWritePaths= ham kerak), audiolar ungacha inboxda qoladi.",
            english: "Since \(since) the archive cannot be written; let the daemon's user write there (with "
                + "systemd by ReadWritePaths= too), until then audio stays in the inbox.",
            russian:
                "С \(since) в архив не удаётся писать; разрешите это пользователю службы (в systemd также "
                + "ReadWritePaths=), до тех пор аудио остаётся в inbox.")
    }

    public static func archiveStuck(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri baʼzi audiolarni arxivga koʻchirib boʻlmayapti (nomlari va sababi "
                + "jurnalda); ular inboxda qolmoqda.",
            english: "Since \(since) some audio cannot be archived (the log says which and why); it stays in "
                + "the inbox.",
            russian: "С \(since) некоторые аудио не удаётся перенести в архив (какие и почему, говорит "
                + "журнал); они остаются в inbox.")
    }
}
