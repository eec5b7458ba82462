/// Issues of disks and folders that cannot be written, for the administrator.
extension Sentence {
    public static func inboxFull(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri inbox turgan diskda joy yoki kvota qolmagan; matnlar katalogda "
                + "kutmoqda, joy boʻshating va ular oʻzi yoziladi.",
            english: "Since \(since) the inbox's disk or quota is full; texts wait in the catalog, so "
                + "free space and they are written by themselves.",
            russian: "С \(since) диск или квота inbox заполнены; тексты ждут в каталоге, освободите "
                + "место, и они запишутся сами.")
    }

    public static func inboxReadOnly(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri inbox faqat oʻqish uchun ulangan; matnlar katalogda kutmoqda, uni "
                + "yozish uchun qayta ulang va ular oʻzi yoziladi.",
            english: "Since \(since) the inbox is read-only; texts wait in the catalog, so remount it "
                + "read-write and they are written by themselves.",
            russian: "С \(since) inbox доступен только для чтения; тексты ждут в каталоге, подключите его "
                + "для записи, и они запишутся сами.")
    }

    public static func unwritable(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri baʼzi papkalarga matn yozib boʻlmayapti (nomlari jurnalda); kotib "
                + "foydalanuvchisiga yozish ruxsatini bering va ular oʻzi yoziladi.",
            english: "Since \(since) texts cannot be written into some folders (the log names them); let "
                + "the daemon's user write there and they are written by themselves.",
            russian: "С \(since) в некоторые папки не удаётся записать тексты (их называет журнал); "
                + "разрешите пользователю службы писать туда, и они запишутся сами.")
    }

    public static func linkedFolders(_ since: String, _ folders: String) -> Sentence {
        Sentence(
            uzbek:
                "\(since) dan beri inboxdagi baʼzi papkalar havola (\(folders)), ulardan hech narsa olinmaydi; "
                + "papkaning oʻzini qoʻying yoki uni shu yerga ulang (mount --bind).",
            english:
                "Since \(since) folders in the inbox are symbolic links (\(folders)), from which nothing is "
                + "taken; put the folders themselves there, or mount them there (mount --bind).",
            russian:
                "С \(since) некоторые папки в inbox — ссылки (\(folders)), из них ничего не берётся; положите "
                + "туда сами папки или подключите их там (mount --bind).")
    }

    public static func deletionsPending(_ since: String) -> Sentence {
        Sentence(
            uzbek:
                "\(since) dan beri oʻchirilgan yozuvlarning fayllari turgan fayl tizimi yoki arxiv ulanmagan; "
                + "uni ulang (mount), fayllar shunda oʻchiriladi.",
            english:
                "Since \(since) the file system or archive is not mounted that files of deleted recordings "
                + "lie on; mount it, and they are deleted then.",
            russian:
                "С \(since) не подключена файловая система или архив с файлами удалённых записей; подключите "
                + "её (mount), и они будут удалены.")
    }

    public static func namesTaken(_ since: String) -> Sentence {
        Sentence(
            uzbek:
                "\(since) dan beri baʼzi matnlarga joy yoʻq, chunki ularning ikkala nomi boshqa fayllarda (nomlari "
                + "jurnalda); oʻsha fayllarni qayta nomlang va matnlar oʻzi yoziladi.",
            english:
                "Since \(since) some texts have no place because other files have both their names (the log "
                + "names them); rename those files and the texts are written by themselves.",
            russian:
                "С \(since) некоторым текстам нет места: оба их имени заняты другими файлами (они названы в "
                + "журнале); переименуйте те файлы, и тексты запишутся сами.")
    }

    public static func catalogFull(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri katalog turgan diskda joy qolmagan; yangi yozuvlar va tayyor "
                + "matnlar kutmoqda, joy boʻshating va ish oʻzi davom etadi.",
            english: "Since \(since) the catalog's disk is full; new recordings and finished words wait, "
                + "so free space and all goes on by itself.",
            russian: "С \(since) диск каталога заполнен; новые записи и готовые тексты ждут, освободите "
                + "место, и работа продолжится сама.")
    }

    public static func catalogUnwritable(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri katalogga yozib boʻlmayapti (sababi jurnalda); state papkasi va "
                + "uning diskini tekshiring, tuzalgach ish oʻzi davom etadi.",
            english: "Since \(since) the catalog cannot be written (the log says why); check the state "
                + "folder and its disk, and all goes on by itself.",
            russian: "С \(since) в каталог не удаётся писать (причина в журнале); проверьте папку state и "
                + "её диск, затем работа продолжится сама.")
    }

    public static func tooManyRejectedFiles(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri bir papkada qabul qilinmagan fayllar haddan tashqari koʻp (qaysiligi "
                + "jurnalda), yangilariga izoh yozilmaydi; ularni oʻsha papkadan olib tashlang.",
            english:
                "Since \(since) a folder holds too many refused files (the log says which), and more get "
                + "no notes; remove them from it.",
            russian: "С \(since) в одной папке слишком много непринятых файлов (какая, сказано в журнале), о "
                + "новых не пишутся пояснения; уберите их оттуда.")
    }

    public static func catalogDamaged(_ since: String) -> Sentence {
        Sentence(
            uzbek: "\(since) dan beri katalog fayli buzilgan; kotibd ni toʻxtatib, kotibd --rebuild ni ishga "
                + "tushiring, papkalardagi yozuv va matnlarga bu zarar qilmaydi.",
            english: "Since \(since) the catalog's file is damaged; stop kotibd and run kotibd --rebuild, "
                + "recordings and texts in the folders are not touched by it.",
            russian: "С \(since) файл каталога повреждён; остановите kotibd и выполните kotibd --rebuild, "
                + "записи и тексты в папках это не затронет.")
    }

    public static func catalogReplaced(_ since: String) -> Sentence {
        Sentence(
            uzbek:
                "\(since) da kotibd ishlab turganida kotib.sqlite oʻchirilgan yoki almashtirilgan; kotibd ni toʻxtating "
                + "(u avval zaxira nusxasini yozadi), kotib.sqlite ning oʻrnida turgan faylni olib qoʻying va kotibd "
                + "--rebuild ni ishga tushiring.",
            english:
                "At \(since) kotib.sqlite was found removed or replaced while kotibd runs; stop kotibd, which writes a "
                + "backup first, move away what is in the place of kotib.sqlite, and run kotibd --rebuild.",
            russian:
                "В \(since) обнаружено, что kotib.sqlite удалён или заменён во время работы kotibd; остановите kotibd "
                + "(перед этим он запишет резервную копию), уберите файл, лежащий на месте kotib.sqlite, и выполните "
                + "kotibd --rebuild.")
    }

    public static func catalogLogReplaced(_ since: String) -> Sentence {
        Sentence(
            uzbek:
                "\(since) da kotibd ishlab turganida katalog jurnali (kotib.sqlite-wal yoki kotib.sqlite-shm) "
                + "oʻchirilgan yoki almashtirilgan; kotibd ni qayta ishga tushiring, u toʻxtashda hammasini saqlaydi.",
            english:
                "At \(since) the catalog's log (kotib.sqlite-wal or kotib.sqlite-shm) was found removed or replaced "
                + "while kotibd runs; restart kotibd, which saves everything when it stops.",
            russian:
                "В \(since) обнаружено, что журнал каталога (kotib.sqlite-wal или kotib.sqlite-shm) удалён или заменён "
                + "во время работы kotibd; перезапустите kotibd, при остановке он всё сохранит.")
    }

    public static func catalogBehind(_ since: String) -> Sentence {
        Sentence(
            uzbek:
                "\(since) da katalog oxirgi oʻzgarishlarsiz ochildi (sababi jurnalda); papkalardagi yozuv va "
                + "matnlar qayta topiladi, qolganini zaxira nusxasidan qidiring (kotibd(8), Damage).",
            english:
                "At \(since) the catalog was opened without its last changes (the log says why); recordings and "
                + "texts in the folders are found again, look for the rest in the backup (kotibd(8), Damage).",
            russian:
                "В \(since) каталог открыт без последних изменений (причина в журнале); записи и тексты в "
                + "папках найдутся снова, остальное ищите в резервной копии (kotibd(8), Damage).")
    }

    public static func backupNotReplaced(_ since: String) -> Sentence {
        Sentence(
            uzbek:
                "\(since) dan beri katalogda avvalgi zaxira nusxasidagidan ancha kam narsa bor, shu sababli u "
                + "saqlanib, yangisi yoniga yozilmoqda; kotibd ni toʻxtatib, katalogni olib qoʻyib, kotibd --rebuild "
                + "bilan unga qayting yoki keraksiz boʻlsa, kotib.sqlite.backup ni oʻchiring.",
            english:
                "Since \(since) the catalog has far less in it than its earlier backup, which is kept, and newer "
                + "ones are written beside it; go back to it (stop kotibd, move the catalog away, run kotibd "
                + "--rebuild) or, if it is not needed, remove kotib.sqlite.backup.",
            russian:
                "С \(since) в каталоге гораздо меньше, чем в прежней резервной копии, поэтому она сохранена, а "
                + "новые пишутся рядом; вернитесь к ней (остановите kotibd, уберите каталог, выполните kotibd "
                + "--rebuild) или, если она не нужна, удалите kotib.sqlite.backup.")
    }
}

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
