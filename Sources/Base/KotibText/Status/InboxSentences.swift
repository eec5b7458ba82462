/// Issues of watching the inbox, for the administrator.
extension Sentence {
    public static func rootMissing(_ since: String, _ reason: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri inbox papkasini ochib boʻlmayapti (\(reason)); uni qayta ulang "
                + "yoki yarating, ungacha yangi yozuvlar olinmaydi va hech narsa yoʻqolgan deb "
                + "hisoblanmaydi.",
            english: "Since \(since) the inbox cannot be opened (\(reason)); mount or create it again, "
                + "until then nothing new is taken and nothing counts as gone.",
            russian: "С \(since) папку inbox не удаётся открыть (\(reason)); подключите или создайте её "
                + "снова, до тех пор новое не принимается и ничто не считается удалённым.")
    }

    public static func rootReplaced(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri inbox oʻrnida boshqa papka turibdi; unda yoʻq yozuvlar birozdan "
                + "soʻng oʻchirilgan deb hisoblanadi (matnlari qoladi), xato boʻlsa avvalgi papkani "
                + "qaytaring.",
            english: "Since \(since) another folder stands in the inbox's place; recordings that are not "
                + "in it soon count as gone (their words stay), so put the earlier folder back if that was "
                + "a mistake.",
            russian: "С \(since) на месте inbox другая папка; записи, которых в ней нет, скоро будут "
                + "считаться удалёнными (тексты останутся), если это ошибка, верните прежнюю папку.")
    }

    public static func eventsLost(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) da juda koʻp oʻzgarish birdan keldi va bir qismi xabarsiz qoldi; butun "
                + "inbox qayta koʻrib chiqilmoqda, hech narsa qilish shart emas.",
            english: "At \(since) more changed at once than the kernel could tell; the whole inbox is "
                + "being looked through, and nothing needs to be done.",
            russian: "В \(since) изменилось больше, чем ядро могло сообщить; весь inbox просматривается "
                + "заново, делать ничего не нужно.")
    }

    public static func watchLimit(_ since: String, _ count: Int) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri \(count) papka hodisalarsiz, tekshirib turiladi, chunki yadroda "
                + "kuzatuvlar tugagan; sysctl fs.inotify.max_user_watches ni oshiring, qayta ishga "
                + "tushirish shart emas.",
            english: "Since \(since) the kernel has no watch left, so that \(count) folders are polled; "
                + "raise the sysctl fs.inotify.max_user_watches, without a restart.",
            russian: "С \(since) у ядра кончились наблюдения, и \(count) папок опрашиваются; увеличьте "
                + "sysctl fs.inotify.max_user_watches, перезапуск не нужен.")
    }

    public static func instanceLimit(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri barcha papkalar tekshirib turiladi, chunki inotify nusxalari "
                + "tugagan; sysctl fs.inotify.max_user_instances ni oshiring, qayta ishga tushirish shart "
                + "emas.",
            english: "Since \(since) all folders are polled because the user has no inotify instance "
                + "left; raise the sysctl fs.inotify.max_user_instances, without a restart.",
            russian: "С \(since) все папки опрашиваются: у пользователя кончились экземпляры inotify; "
                + "увеличьте sysctl fs.inotify.max_user_instances, перезапуск не нужен.")
    }

    public static func unreadable(_ since: String, _ folders: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri baʼzi papkalarni oʻqib boʻlmayapti (\(folders)); kotib "
                + "foydalanuvchisiga oʻqish va kirish ruxsatini bering, ulardagi yozuvlar yoʻqolgan deb "
                + "hisoblanmaydi.",
            english: "Since \(since) some folders cannot be read (\(folders)); let the daemon's user read "
                + "and enter them, their recordings do not count as gone.",
            russian: "С \(since) некоторые папки не читаются (\(folders)); разрешите пользователю службы "
                + "читать их и входить, их записи не считаются удалёнными.")
    }

    public static func tooDeep(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri baʼzi papkalar juda chuqur joylashgan va kuzatilmaydi; ularni "
                + "yuqoriroqqa koʻchiring.",
            english: "Since \(since) some folders are nested too deeply and are not watched; move them "
                + "up.",
            russian: "С \(since) некоторые папки вложены слишком глубоко и не отслеживаются; переместите "
                + "их выше.")
    }

    public static func filesUnreachable(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri baʼzi yozuvlar turgan fayl tizimi ulanmagan; uni qayta ulang "
                + "(mount), yozuvlar yoʻqolgan deb hisoblanmaydi.",
            english: "Since \(since) the file system that some recordings lie on is not mounted; mount it "
                + "again, the recordings do not count as gone.",
            russian: "С \(since) не подключена файловая система с частью записей; подключите её (mount), "
                + "записи не считаются удалёнными.")
    }
}
