"""Transcripts as people's are: words of three languages, few of them often and many rarely (Zipf)."""

import numpy


class Language:
    """Words are a stem alone or with an ending, so that few lines give some thousand with their language's letters."""

    def __init__(self, stems: str, endings: str) -> None:
        self.words = sorted({stem + ending for stem in stems.split() for ending in ["", *endings.split()]})


LANGUAGES = {
    "uz": Language(
        "kitob uy shahar bozor yo'l ish odam bola ona ota suv non kun tun yil oy so'z til maktab do'st "
        "qo'l ko'z yurak osmon daryo tog' bog' gul daraxt olma choy osh palov mehmon qishloq hukumat "
        "loyiha majlis savol javob narx pul bank telefon kompyuter xabar yozuv ovoz qo'shiq raqam mashina "
        "samolyot dengiz shamol",
        "lar im ing i ni ning ga da dan cha larni larning larga larda lardan imiz ingiz larimiz ingizda "
        "imizdan",
    ),
    "en": Language(
        "time year people way day thing world life hand part child eye woman place work week case point "
        "company number group problem fact meeting project report market price question answer street "
        "river mountain city garden window table paper letter voice music record phone message train "
        "plane harbour winter summer",
        "s ed ing er ers ly less ful ness ment able ish like ward wise hood ship dom let",
    ),
    "ru": Language(
        "дом город книг дорог работ человек ребён рук глаз вод хлеб день ноч год месяц слов язык школ "
        "друг сердц неб рек гор сад цвет дерев яблок чай гост деревн проект собран вопрос ответ цен деньг "
        "банк телефон сообщен запис голос песн номер машин самолёт мор ветер зим лет",
        "а у ом е ы и ой ам ами ах ов ик ник ный ная ное ные ского ским ости",
    ),
}


class Texts:
    """Deterministic: the same seed gives the same texts."""

    def __init__(self, seed: int = 7) -> None:
        self.random = numpy.random.default_rng(seed)
        self.words = {}
        self.shares = {}
        for name, language in LANGUAGES.items():
            words = numpy.array(language.words, dtype=object)
            self.random.shuffle(words)
            self.words[name] = words
            shares = 1 / numpy.arange(1, len(words) + 1)
            self.shares[name] = numpy.cumsum(shares) / shares.sum()

    def batch(self, count: int, mean: int = 60) -> list[tuple[str, str]]:
        """`count` texts with their languages, of `mean` words on average."""
        lengths = 1 + self.random.geometric(1 / mean, count)
        languages = self.random.choice(list(LANGUAGES), count, p=[0.6, 0.2, 0.2])
        texts = []
        for length, language in zip(lengths, languages, strict=True):
            places = numpy.searchsorted(self.shares[language], self.random.random(length))
            texts.append((" ".join(self.words[language][places]), str(language)))
        return texts

    def searches(self, count: int) -> list[str]:
        """Two words of one language, as people search: rarer ones than they speak."""
        found = []
        for language in self.random.choice(list(LANGUAGES), count):
            words = self.words[language]
            places = self.random.integers(len(words) // 20, len(words), 2)
            found.append(" ".join(words[places]))
        return found
