"""The language of a text: script first, then letters and small words of our languages, then langdetect.

langdetect knows neither Kurdish nor Azerbaijani nor Armenian, is wrong on short texts, and takes 2 ms where counting
letters and words takes 0.1: it is asked only where these leave the answer open. Its seed is fixed, so that one text
always gets one answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Protocol

from pipeline.fold import tokens
from pipeline.model import Article

UNKNOWN = "und"
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "ar": "Arabic",
        "az": "Azerbaijani",
        "ckb": "Sorani Kurdish",
        "en": "English",
        "fa": "Persian",
        "fr": "French",
        "he": "Hebrew",
        "hy": "Armenian",
        "kmr": "Kurmanji Kurdish",
        "tr": "Turkish",
    }
)
"""What our readers call our languages; CLDR has other words for the Kurdish ones."""
SAMPLE = 400  # code points looked at: langdetect is no better on whole texts, and takes 8 ms there
FEW_LETTERS = 10  # fewer tell nothing: names and numbers are alike everywhere

Answer = tuple[str, float]
"""(language code, confidence from 0 to 1)."""

_SCRIPTS = {
    "Arab": "\u0620-\u064a\u066e-\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc",
    "Hebr": "\u05d0-\u05f2",
    "Armn": "\u0531-\u0587",
    "Latn": "a-zA-Z\u00aa-\u024f\u0259",
    "Grek": "\u0370-\u03ff",
    "Geor": "\u10d0-\u10ff",
    "Thai": "\u0e01-\u0e2e",
    "Hang": "\uac00-\ud7a3",
    "Kana": "\u3041-\u30ff",
    "Hani": "\u4e00-\u9fff",
}
SCRIPTS = MappingProxyType({script: re.compile(f"[{letters}]") for script, letters in _SCRIPTS.items()})
LETTER = re.compile(r"[^\W\d_]")
ALONE = MappingProxyType(
    {"Armn": "hy", "Grek": "el", "Geor": "ka", "Thai": "th", "Hang": "ko", "Kana": "ja", "Hani": "zh"}
)
"""Scripts of one language each, as far as news goes."""
KANA_SHARE = 0.1  # of the letters of a Japanese text, most of which may be Chinese characters
WRITTEN_IN = MappingProxyType(
    {language: script for script, language in ALONE.items()}
    | dict.fromkeys(("ar", "fa", "ckb", "ur", "ps", "ug", "azb", "sd"), "Arab")
    | dict.fromkeys(("he", "yi"), "Hebr")
    | dict.fromkeys(("ru", "uk", "bg", "mk", "be", "kk", "ky", "tg", "mn", "sr", "hi", "bn", "ta", "am"), "")
)
"""Scripts of languages that pages declare, "" for those without rules here; what is not listed is taken for Latin."""

# Codes of pages and libraries that mean one of ours; `ku` is told apart by script.
ALIASES = MappingProxyType(
    {"prs": "fa", "pes": "fa", "iw": "he", "arb": "ar", "azj": "az", "zh-cn": "zh", "zh-tw": "zh"}
)

# Letters that one language writes all the time and its neighbours do not: (language, letters, least share of all).
# Uyghur, Pashto and Urdu stand before Sorani, with which they share some.
TELLING = (
    ("ug", "ۇۈۋڭ", 0.03),
    ("ps", "ټډړږښڼۍځڅ", 0.015),
    ("ur", "ٹڈڑںے", 0.02),
    ("ckb", "ەێۆڵڕڤ", 0.05),
)

SORANI = "ێۆڵڕ"
YIDDISH, YIDDISH_SHARE = ("ײ", "װ", "ױ", "אַ", "אָ"), 0.02
SCHWA_SHARE = 0.01  # of the letters of an Azerbaijani text one in ten is a schwa, of others none
ARTICLE = 3  # letters of a word that begins with ال by chance

# Letters that speak for one language against those it is confused with, each counted as its share of all letters.
_MARKS = {
    "fa": "پچژگکی",
    "ar": "ةىيكأإ",
    "tr": "ığ",
    "kmr": "êîû",
    "fr": "éèàêçœ",
    "de": "äöüß",
    "es": "áéíóñ",
    "pt": "ãõçáê",
}
MARK_WEIGHT = 3.0  # a mark is one letter of a word
MARKS = MappingProxyType({language: re.compile(f"[{letters}]") for language, letters in _MARKS.items()})

# Small words that are frequent in one language and rare in those written alike; folded (pipeline.fold) when looked up.
_WORDS = {
    "ar": "في من التي الذي الذين هذا هذه عن مع بعد كان كانت قال قالت بين إلى إنه أنها حيث خلال لم لن قد كما ذلك",
    "fa": "در به از که را این است با های ها می برای شد کرد خود تا شده کردند گفت نیز هم کند یک بود شود خواهد پس",
    "ckb": "لە بۆ کە لەگەڵ ئەم ئەو دەکات دوای لەسەر بوو کرا دەکەن",
    "az": "və bir bu üçün ilə də da olan olub edib dedi ki sonra daha çox hələ görə",
    "tr": "ve bir bu için ile olarak olan olduğu gibi kadar sonra daha değil çok göre tarafından ise dedi ancak "
    "da de en ardından arasında nedeniyle yeni iki",
    "kmr": "ku li ji bi xwe jî yê yên hat hatin hate hatine hatiye kirin dike dikin dibe dikare nav bû kir got "
    "ew wê wî vê piştî gelek hin yek wekî wek heta navbera ser bo dê",
    "zza": "ke ra zî rê biyo beno keno kerd kerdo yo înan nê coka seba hetê mîyan de kenê",
    "fr": "le la les des du une est dans qui sur au aux avec par pour et ont ce cette sont mais plus pas que un "
    "après entre se où",
    "en": "the of and to in a is was were for on with that by from said has have had are his it they as at an "
    "after but not will be who over",
    "es": "el la los las del una por con para que en y se su al como pero más entre",
    "it": "il lo la gli di che del della nel una per con si al sono dopo ha",
    "de": "der die das und ist nicht mit dem den von zu ein eine für auf im des sich nach",
    "pt": "o os as da do das dos uma em para com não que ao mais pela",
    "nl": "de het een van en dat is op te voor met zijn aan niet door",
}
WORDS = MappingProxyType({language: frozenset(tokens(words)) for language, words in _WORDS.items()})
ARABIC = ("ar", "fa", "ckb")
LATIN = tuple(language for language in _WORDS if language not in ARABIC)

# Evidence is a sum of shares, calibrated on tests/eval/sentences.tsv.
CLEAR, CLEARLY = 0.15, 2.5  # of the best language, and how many times the second's: langdetect is not asked
FEWEST_HITS = 4  # small words that takes beside
UNMODELLED = frozenset(("kmr", "zza", "az", "ckb"))  # what langdetect cannot answer
LIKELY, LIKELIER = 0.2, 1.4  # as CLEAR and CLEARLY, for those
SHORT_WEIGHT, LONG_LETTERS = 0.25, 130  # of langdetect's answer: full from 100 letters on, little for a headline
DECLARED = 0.35  # what a declared language adds: decides short titles, not sentences
DECLARED_ALONE = 1.1  # the same where langdetect is bound to say something else
UNSURE = 0.5  # evidence, langdetect's probability and declaration together: below, nobody knows


class DetectLanguage:
    """Stage: fills `language` and `language_confidence`."""

    def __call__(self, article: Article) -> Article:
        """Tell the language of the text, or of title and text where that is a line; page, feed and outlet are hints."""
        text = article.text if len(article.text) >= SAMPLE // 4 else f"{article.title}\n{article.text}"
        code, confidence = detect(text, article.declared_language, *article.outlet.languages)
        return replace(article, language=code, language_confidence=confidence)


def detect(text: str, *hints: str) -> Answer:
    """Give (code, confidence) of a text; `hints` are declared languages (BCP 47), the most trusted first.

    Codes are ISO 639-1, else 639-3; `und` where too little speaks for any language. A hint counts only where it is
    written in the script of the text. Deterministic; never raises.
    """
    sample = text[:SAMPLE]
    script, letters = _script(sample)
    hint = next(filter(None, (_hinted(hint, script) for hint in hints)), "")
    if letters < FEW_LETTERS:
        return (hint, DECLARED) if hint else (UNKNOWN, 0.0)
    sure = _by_letters(sample, script, letters)
    if sure:
        return sure, 0.99
    evidence, hits = _evidence(sample, script, letters)
    best = _best(evidence)
    if _is_clear(best, evidence, hits):
        return best, _confidence(evidence, best)
    weight = min(1.0, SHORT_WEIGHT + letters / LONG_LETTERS) if evidence else 1.0
    for language, probability in _modelled(sample):
        evidence[language] = evidence.get(language, 0.0) + weight * probability
    if hint:
        evidence[hint] = evidence.get(hint, 0.0) + (DECLARED_ALONE if hint in UNMODELLED else DECLARED)
    best = _best(evidence)
    return (best, _confidence(evidence, best)) if evidence.get(best, 0.0) >= UNSURE else (UNKNOWN, 0.0)


def _script(sample: str) -> tuple[str, int]:
    """The script of most letters, "" for one we have no rules for, and the number of all letters."""
    letters = len(LETTER.findall(sample))
    counts = {script: len(pattern.findall(sample)) for script, pattern in SCRIPTS.items()}
    if counts["Kana"] > KANA_SHARE * letters:
        return "Kana", letters
    script = max(counts, key=counts.__getitem__)
    return (script if 2 * counts[script] > letters else ""), letters


def _hinted(hint: str, script: str) -> str:
    """The code of a declared language, "" where the text cannot be in it."""
    code = hint.replace("_", "-").lower()
    code = ALIASES.get(code, code.partition("-")[0])
    code = ALIASES.get(code, code)
    if code == "ku":
        code = "ckb" if script == "Arab" else "kmr"
    return code if code and WRITTEN_IN.get(code, "Latn") == script else ""


def _by_letters(sample: str, script: str, letters: int) -> str:
    """The language that its letters alone give away, or ""."""
    if script in ALONE:
        return ALONE[script]
    if script == "Hebr":
        return "yi" if sum(map(sample.count, YIDDISH)) > YIDDISH_SHARE * letters else "he"
    if script == "Latn":
        return "az" if sample.count("ə") + sample.count("Ə") > SCHWA_SHARE * letters else ""
    if script == "Arab":
        if any(
            letter in sample for letter in SORANI
        ):  # an older spelling writes ە as ه and a non-joiner, as Persian does
            sample = sample.replace("ه\u200c", "ە")
        for language, telling, share in TELLING:
            if sum(map(sample.count, telling)) > share * letters:
                return language
    return ""


def _evidence(sample: str, script: str, letters: int) -> tuple[dict[str, float], dict[str, int]]:
    """How much small words and marks speak for each language of the script (shares), and the number of such words."""
    languages: Sequence[str] = {"Arab": ARABIC, "Latn": LATIN}.get(script, ())
    words = tokens(sample) or [""]  # letters that fold to nothing are no words
    hits = {language: sum(word in WORDS[language] for word in words) for language in languages}
    evidence = {language: found / len(words) for language, found in hits.items()}
    for language in set(languages) & set(MARKS):
        evidence[language] += MARK_WEIGHT * len(MARKS[language].findall(sample)) / letters
    if script == "Arab":
        evidence["ar"] += sum(word.startswith("ال") and len(word) > ARTICLE for word in words) / len(words)
    return evidence, hits


def _best(evidence: Mapping[str, float]) -> str:
    """The language that most speaks for, "" where there is none; of equals the first by code."""
    return min(evidence, key=lambda language: (-evidence[language], language), default="")


def _is_clear(best: str, evidence: Mapping[str, float], hits: Mapping[str, int]) -> bool:
    """Whether the evidence needs no other opinion, or there is none to be had."""
    second = max((share for language, share in evidence.items() if language != best), default=0.0)
    if best in UNMODELLED:
        return evidence[best] >= max(LIKELY, LIKELIER * second)
    return hits.get(best, 0) >= FEWEST_HITS and evidence[best] >= max(CLEAR, CLEARLY * second)


def _confidence(evidence: Mapping[str, float], best: str) -> float:
    """The share of the best in the squares of all evidence, at most 0.99: how far it stands out."""
    whole = sum(share * share for share in evidence.values())
    return round(min(0.99, evidence[best] ** 2 / whole), 2)


def _modelled(sample: str) -> list[Answer]:
    """What langdetect makes of a text, as probabilities."""
    from langdetect.lang_detect_exception import LangDetectException

    detector = _detectors()()
    detector.append(sample)
    try:
        found = detector.get_probabilities()
    except LangDetectException:
        return []
    return [(ALIASES.get(each.lang, each.lang), each.prob) for each in found]


class _Guess(Protocol):
    lang: str
    prob: float


class _Detector(Protocol):
    def append(self, text: str) -> None: ...
    def get_probabilities(self) -> list[_Guess]: ...


@cache
def _detectors() -> Callable[[], _Detector]:
    """Makes langdetect's detectors; the profiles are read once a process (half a second)."""
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.set_seed(0)
    factory.load_profile(PROFILES_DIRECTORY)
    create: Callable[[], _Detector] = factory.create
    return create
