"""Requests no browser of ours would send: refused in words, an error never."""

import pytest
from django.test import Client

PATHS = ["/", "/account/login/", "/nowhere/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", ['"aaaaaaaaaaaaaaaa\\000"', "a" * 5000, "../../../../etc/passwd"])
def test_a_cookie_that_names_no_session_is_nobody(db, path, key):
    response = Client().get(path, HTTP_COOKIE=f"session={key}")
    assert response.status_code in {200, 302, 404}


@pytest.mark.parametrize("charset", ["hex", "idna", "unicode_escape", "utf-16"])
def test_a_form_in_another_character_set_is_refused(db, charset):
    body = b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n\\ud800\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    response = Client().generic("POST", "/account/password/reset/", body, content_type=kind)
    assert response.status_code == 400
    assert "Content-Security-Policy" in response


def test_a_form_that_names_its_character_set_rightly_is_taken(db):
    kind = "application/x-www-form-urlencoded; charset=UTF-8"
    response = Client().post("/account/password/reset/", "email=a%40b.example", content_type=kind)
    assert response.status_code == 302


def test_nul_in_an_address_is_refused(admin):
    asked = "app_label=tickets&model_name=user&field_name=contact&term=%00"
    assert admin.client.get(f"/admin/autocomplete/?{asked}").status_code == 400
    assert admin.client.get("/inbox/%00/").status_code == 400
