"""The index of words: what is found, what stands for a word, and that what is asked is text alone."""

from __future__ import annotations

import random
import string

import pytest

from andon.catalog.index import IndexedText, WordIndex

TEXTS = {
    "marts.revenue_by_month": IndexedText(
        "marts.revenue_by_month", "month revenue orders", "What the shop took", "select sum(x)"
    ),
    "shop.orders": IndexedText(
        "shop.orders", "id customerId customer Id amount", "Each order; revenue is made of it", "from read_csv"
    ),
    "shop.customers": IndexedText("shop.customers", "id e_mail", "Crème brûlée & Straße", "from read_csv"),
    "shop.売上": IndexedText("shop.sales_jp", "顧客番号 金額", "顧客の売上一覧", "select 1"),
}


@pytest.fixture(scope="module")
def index() -> WordIndex:
    return WordIndex(TEXTS)


def found(index: WordIndex, text: str) -> list[str]:
    scores = index.scores(index.words(text))
    return sorted(scores, key=lambda key: (-scores[key], key))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("revenue", ["marts.revenue_by_month", "shop.orders"]),
        ("REVENUE Month", ["marts.revenue_by_month"]),
        ("reven", ["marts.revenue_by_month", "shop.orders"]),
        ("order", ["shop.orders", "marts.revenue_by_month"]),
        ("customer", ["shop.customers", "shop.orders"]),
        ("ustome", ["shop.customers", "shop.orders"]),
        ("custmer", ["shop.customers", "shop.orders"]),
        ("creme brulee", ["shop.customers"]),
        ("顧客", ["shop.売上"]),
        ("売上", ["shop.売上"]),
        ("shop.orders", ["shop.orders", "marts.revenue_by_month"]),
        ("zzzz", []),
        ("", []),
        ("🚀", []),
    ],
)
def test_words_are_found(index: WordIndex, text: str, wanted: list[str]) -> None:
    assert found(index, text) == wanted


def test_where_nothing_has_all_words_some_are_enough(index: WordIndex) -> None:
    assert found(index, "brulee zzzz") == ["shop.customers"]
    assert found(index, "month brulee")[0] in ("shop.customers", "marts.revenue_by_month")


def test_what_a_word_stands_for_is_known(index: WordIndex) -> None:
    (word,) = index.words("custmer")
    assert (word.is_known, word.alike) == (False, ("customer", "customers"))
    (word,) = index.words("orders")
    assert word.exact == ("orders", "order")
    (word,) = index.words("customer")
    assert word.exact == ("customer", "customers")


@pytest.mark.parametrize(
    "text",
    [
        'revenue" OR "x',
        "name:revenue",
        "revenue AND NOT month",
        "NEAR(revenue month)",
        "reven*",
        "^revenue",
        "{name} : revenue",
        "-revenue",
    ],
)
def test_no_sign_means_anything(index: WordIndex, text: str) -> None:
    assert "marts.revenue_by_month" in found(index, text)


def test_nothing_that_is_typed_fails(index: WordIndex) -> None:
    pick = random.Random(7)
    signs = string.printable + "\0\ud800äé売上🚀\u202e" + '"*^(){}:-+'
    for _ in range(300):
        text = "".join(pick.choice(signs) for _ in range(pick.randrange(0, 30)))
        assert set(found(index, text)) <= TEXTS.keys()
    assert found(index, "revenue " * 10_000)[0] == "marts.revenue_by_month"
    assert found(index, "x" * 1_000_000) == []


def test_texts_may_hold_anything() -> None:
    odd = IndexedText("a\0b", "\ud800", "\x01", "'; drop table words; --")
    index = WordIndex({"odd": odd})
    assert found(index, "drop") == ["odd"]


def test_an_index_that_moved_is_one_that_was_made_anew() -> None:
    pick = random.Random(3)
    words = ["order", "revenue", "month", "customer", "refund", "tax", "campaign", "region"]

    def text(key: str) -> IndexedText:
        return IndexedText(key, " ".join(pick.sample(words, 3)), " ".join(pick.sample(words, 2)), pick.choice(words))

    texts = {f"s.d{i}": text(f"s.d{i}") for i in range(60)}
    index = WordIndex(texts)
    for step in range(12):
        texts = dict(texts)
        for key in pick.sample(sorted(texts), 4):
            del texts[key]
        for i in range(3):
            key = f"s.new{step}_{i}"
            texts[key] = text(key)
        changed = pick.choice(sorted(texts))
        texts[changed] = text(changed)
        before = {word: found(index, word) for word in words}
        index, earlier = index.moved(texts), index
        anew = WordIndex(texts)
        for word in [*words, "revnue", "ampaig"]:
            mine, theirs = index.scores(index.words(word)), anew.scores(anew.words(word))
            assert mine.keys() == theirs.keys()
            assert all(mine[key] == pytest.approx(theirs[key]) for key in mine)
        assert {word: found(earlier, word) for word in words} == before
