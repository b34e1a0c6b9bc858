"""Questions on the page of a dataset: asked, answered and shown as text, whatever stands in them."""

from __future__ import annotations

import re
from html import unescape

import pytest

import andon
from andon.errors import ConflictError
from kit.clones import Clone
from kit.serving import Client, Serving

#: What would do something if it were no text.
ODD = """<script>alert(1)</script>\n"><img src=x onerror=alert(2)> {{ 7*7 }} &amp; `code` \u202e 你好 'quoted' ${x}"""
PAGE = "/d/marts.totals/questions"


@pytest.fixture
def client(own: tuple[Clone, Serving]) -> Client:
    return own[1].client()


def sent(client: Client, place: str, id: str, **fields: str) -> str:
    """The page that a form leads to."""
    done = client.send(f"/do{place}", {"_id": id, "_then": PAGE, **fields})
    assert done.status == 303, done.data
    return client.visit(done.headers["Location"]).data.decode()


def test_a_question_is_asked_answered_and_closed_on_the_page(client: Client) -> None:
    assert "Nobody has asked about it" in client.visit(PAGE).data.decode()
    asked = sent(client, "/questions", "q1", subject="marts.totals.amount", what="Is tax in it?")
    assert "Is tax in it?" in asked
    assert re.search(r'Questions<span class="count" data-s="warn">1</span>', asked)
    overview = client.visit("/d/marts.totals").data.decode()
    (marker,) = re.findall(
        r'<a class="tag" data-s="warn" href="([^"]+)" aria-label="Question 1 about amount"', overview
    )
    assert marker == f"{PAGE}#question-1"
    assert f'href="{PAGE}#question-1"' in client.visit("/").data.decode(), "the board leads there"
    answered = sent(client, "/questions/1/answers", "a1", what="Which?", open="true")
    assert re.search(r"said <time[^>]*>just now", answered)
    answered = sent(client, "/questions/1/answers", "a2", what="No:\nit is net.")
    assert "No:\nit is net.</p>" in answered
    assert 'class="count" data-s="warn"' not in answered
    assert "It is not answered yet" in answered
    assert "Question 1 about amount" in client.visit("/d/marts.totals").data.decode(), "what is answered is marked, too"
    assert "It is answered" in sent(client, "/questions/1/reopenings", "r1")
    assert "It is not answered yet" in sent(client, "/questions/1/closings", "c1")
    assert "Nobody has asked about it" in sent(client, "/questions/1/withdrawals", "w1")


def test_an_open_question_becomes_a_request(client: Client) -> None:
    assert "Make a request of it" in sent(
        client, "/questions", "q1", subject="marts.totals.amount", what="Is tax in it?"
    )
    made = client.send("/do/requests", {"_id": "m1", "_then": "/requests", "question": "1"})
    assert made.status == 303, made.data
    assert (
        "Is tax in it? (question 1 about marts.totals.amount)" in client.visit(made.headers["Location"]).data.decode()
    )
    assert "Make a request of it" not in sent(client, "/questions/1/answers", "a1", what="No.")


def test_whatever_stands_in_them_is_text(client: Client) -> None:
    pages = [
        sent(client, "/questions", "q1", subject="marts.totals.amount", what=ODD),
        sent(client, "/questions/1/answers", "a1", what=ODD, open="true"),
        client.visit("/d/marts.totals").data.decode(),
        client.visit("/").data.decode(),
        client.visit("/catalog?words=onerror").data.decode(),
    ]
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert " 49 " not in page
        assert "\u202e" not in re.sub(r"<textarea.*?</textarea>", "", page, flags=re.DOTALL), (
            "the direction is not turned"
        )
    typed = re.findall(r"<textarea[^>]*>(.*?)</textarea>", pages[1], flags=re.DOTALL)
    assert [unescape(each) for each in typed].count(ODD) == 2, "what is edited is what was typed"


def test_what_is_refused_is_not_typed_again(client: Client) -> None:
    sent(client, "/questions", "q1", subject="marts.totals", what="Since when?")

    def again(place: str, id: str, form: str, **fields: str) -> str:
        refused = client.send(f"/do{place}", {"_id": id, "_then": PAGE, "_form": form, **fields})
        page = (
            client.visit(refused.headers["Location"]).data.decode() if refused.status == 303 else refused.data.decode()
        )
        assert 'role="alert"' in page
        return page

    long = "why " * 600
    asked = again("/questions", "q2", f"{PAGE}#ask", subject="marts.totals.amount", what=long)
    assert long.strip() in asked
    assert '<option value="marts.totals.amount" selected>' in asked
    answered = again("/questions/1/answers", "a2", f"{PAGE}?question=1#question-1", what=long)
    (place,) = [m.start() for m in re.finditer(long.strip(), answered)]
    assert answered.index('id="question-1"') < place < answered.index('id="ask"'), "it stands where it was typed"
    assert client.get("/questions").document[0]["question"]["answers"] == []


def test_only_own_words_have_a_form_to_change_them(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    with Clone(clone.root, author="ben").opened() as service:
        service.dataset_questions.ask("marts.totals", "Ben asks?")
    page = server.client().visit(PAGE).data.decode()
    assert "Ben asks?" in page
    assert "/questions/1/answers" in page
    assert "/questions/1/edits" not in page
    assert "/questions/1/withdrawals" not in page


def test_questions_about_what_is_gone_are_on_its_page(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    client = server.client()
    sent(client, "/questions", "q1", subject="marts.best", what="Who is it?")
    clone.write("datasets/marts/best.sql", None)
    clone.run(drop=True)
    page = client.visit("/d/marts.best/questions")
    assert page.status == 404
    assert "Who is it?" in page.data.decode()
    assert "marts.best is not there" in page.data.decode()
    assert "Answered" in sent(client, "/questions/1/answers", "a1", what="Ada.", _then="/d/marts.best/questions")


def test_a_lake_of_a_server_takes_them_as_one_of_a_folder(own: tuple[Clone, Serving]) -> None:
    clone, server = own
    said = []
    with andon.open(clone.root) as here:
        for lake in (here, andon.connect(server.address)):
            questions = lake.questions
            asked = questions.ask("marts.count.n", f"Of what, {len(said)}?")
            number = asked.question.number
            assert [each.question.number for each in questions.list("marts.count")] == [number]
            questions.answer(number, "Of which?", settles=False)
            questions.edit(number, f"Of what then, {len(said)}?")
            questions.answer(number, "Of orders.")
            questions.edit(number, "Of all orders.", answer=2)
            questions.reopen(number, "Of which year?")
            questions.close(number)
            questions.edit(number, subject="marts.count")
            questions.withdraw(number, answer=2)
            shown = questions.show(number)
            said.append((shown.subject, shown.question.state, [each.what for each in shown.question.answers]))
            questions.withdraw(number)
            assert questions.list() == []
            with pytest.raises(ConflictError):
                questions.answer(number, "Too late.")
    assert said[0] == said[1] == ("marts.count", "open", ["Of which?", "Of which year?"])
