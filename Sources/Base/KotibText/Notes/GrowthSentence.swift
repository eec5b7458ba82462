/// The sentence beside a recording that grew, for a person whose quota has no room for the added part.
public enum GrowthSentence {
    public static func text(about name: String, in language: Language) -> String {
        switch language {
        case .english:
            "What was added to “\(name)” is not transcribed yet: there is no room for it in your quota. Leave it "
                + "here, and it is taken by itself when you delete recordings that are not needed, or after "
                + "midnight where the minutes are used; the text of the beginning stays."
        case .uzbek:
            "“\(name)” fayliga qoʻshilgan qism hali matnga aylantirilmadi: sizga ajratilgan joyda unga oʻrin yoʻq. "
                + "Faylni shu yerda qoldiring: keraksiz yozuvlarni oʻchirsangiz yoki, daqiqalar tugagan boʻlsa, "
                + "yarim tundan keyin u oʻzi qabul qilinadi; bosh qismining matni qoladi."
        case .russian:
            "Добавленное к «\(name)» ещё не расшифровано: в вашей квоте нет для него места. Оставьте файл здесь: "
                + "добавленное будет принято само, когда вы удалите ненужные записи или, если кончились минуты, "
                + "после полуночи; текст начала остаётся."
        }
    }
}
