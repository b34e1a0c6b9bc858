"""What nobody finds is asked for from the page of the search, claimed and answered on the board of requests."""

from __future__ import annotations

import re

from kit.clones import Clone
from kit.serving import Serving


def test_from_an_empty_search_to_the_answer(own: tuple[Clone, Serving]) -> None:
    client = own[1].client()
    empty = client.visit("/catalog?words=zzweather").data.decode()
    (link,) = re.findall(r'href="(/requests\?what=zzweather)#ask"', empty)
    assert 'value="zzweather"' in client.visit(link).data.decode()
    fields = {"_id": "r1", "_then": "/requests", "_form": "/requests", "what": "zzweather by day", "worth": "5000"}
    refused = client.send("/do/requests", fields)
    again = refused.data.decode() if refused.status != 303 else client.visit(refused.headers["Location"]).data.decode()
    assert "currency" in again
    assert 'value="zzweather by day"' in again, "what was typed is lost"
    assert client.get("/requests").document == []
    made = client.send("/do/requests", {**fields, "_id": "r2", "currency": "usd"})
    assert made.status == 303, made.data
    (there,) = client.get("/requests").document
    number = there["request"]["number"]
    for what, more in (("claims", {}), ("answers", {"answer": "marts.totals", "note": "has it"})):
        done = client.send(f"/do/requests/{number}/{what}", {"_id": what, "_then": "/requests", **more})
        assert done.status == 303, done.data
    shown = client.visit("/requests?all=true").data.decode()
    assert "Answered with marts.totals" in shown
    assert "has it" in shown
    assert client.get("/requests").document == []
