"""The page, its files, logging in and out, and the API's documentation, all from this package: no CDN, ever.

Never: a run's data; the page asks the API like everybody else.
"""

import secrets
from collections.abc import Mapping
from urllib.parse import parse_qs

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from dashboard.assets import Asset
from dashboard.auth import Access, Verdict
from dashboard.door import LOGIN_HEADERS, address_of, cookie_name, session_of, slow_down
from dashboard.problems import Problem, problem
from dashboard.room import TheRoom

router = APIRouter(include_in_schema=False)

_FORM_LIMIT = 4096


# Component libraries write style elements at run time; those carry the page's nonce.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_NONCE = b"__NONCE__"


def _asset(request: Request, name: str) -> Response:
    assets: Mapping[str, Asset] = request.app.state.assets
    asset = assets.get(name)
    if asset is None:
        raise Problem(404, "not-found", "there is no such file")
    caching = "public, max-age=31536000, immutable" if asset.lasting else "no-cache"
    headers = {"ETag": asset.etag, "Cache-Control": caching, "Content-Type": asset.media_type}
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", "") and asset.packed is not None:
        return Response(asset.packed, headers={**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    return Response(asset.content, headers=headers)


@router.get("/")
@router.get("/runs/{path:path}")
@router.get("/launch")
@router.get("/design")
@router.get("/compare")
async def page(request: Request) -> Response:
    """The application; which view it shows is its own affair, and every view has an address."""
    assets: Mapping[str, Asset] = request.app.state.assets
    nonce = secrets.token_urlsafe(18)
    content = assets["app/index.html"].content.replace(_NONCE, nonce.encode())
    return HTMLResponse(content, headers={"Content-Security-Policy": _PAGE_POLICY.format(nonce=nonce)})


async def nowhere(request: Request, raised: Exception) -> Response:
    """An address that there is none of: to a person, the application says so."""
    told = raised.detail if isinstance(raised, HTTPException) else "there is nothing here"
    if request.method == "GET" and "text/html" in request.headers.get("accept", "") and _is_page(request.url.path):
        response = await page(request)
        response.status_code = 404
        return response
    return problem(404, "not-found", str(told))


def _is_page(path: str) -> bool:
    return not path.startswith(("/api/", "/static/"))


@router.get("/docs")
async def docs(request: Request) -> Response:
    return _asset(request, "docs.html")


@router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    return _asset(request, "icon.svg")


@router.get("/static/{name:path}")
async def static(name: str, request: Request) -> Response:
    return _asset(request, name)


@router.get("/login")
async def login(request: Request, room: TheRoom, once: str | None = None) -> Response:
    """Use up a one-time link, or show the form for a token."""
    if once is None:
        return _form(request, 200)
    # An image or a prefetch somewhere must not use the link up, nor count as a guess.
    if request.headers.get("sec-fetch-dest", "document") != "document" or "purpose" in request.headers:
        raise Problem(403, "forbidden", "open the link in a browser's window")
    match room.access.redeem(address_of(request.scope), once):
        case Verdict.RIGHT:
            return _enter(request, room.access, room.options.session_seconds)
        case Verdict.WRONG:
            return _form(request, 401)
        case Verdict.SLOW_DOWN:
            return slow_down()


@router.post("/login")
async def log_in(request: Request, room: TheRoom) -> Response:
    """Log in with a token from the form."""
    body = await request.body()
    if len(body) > _FORM_LIMIT:
        raise Problem(413, "too-large", "that is no token")
    token = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0].strip()
    match room.access.check_token(address_of(request.scope), token):
        case Verdict.RIGHT:
            return _enter(request, room.access, room.options.session_seconds)
        case Verdict.WRONG:
            return _form(request, 401)
        case Verdict.SLOW_DOWN:
            return slow_down()


@router.post("/logout")
async def log_out(request: Request, room: TheRoom) -> Response:
    session = session_of(request.headers)
    if session is not None:
        room.access.close_session(session)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(cookie_name(request.headers), httponly=True, samesite="strict")
    return response


def _form(request: Request, status: int) -> Response:
    assets: Mapping[str, Asset] = request.app.state.assets
    name = "login.html" if status == 200 else "refused.html"
    return HTMLResponse(assets[name].content, status, dict(LOGIN_HEADERS))


def _enter(request: Request, access: Access, seconds: float) -> Response:
    """Not a redirect: a browser that came from elsewhere would not send a Strict cookie along with it."""
    assets: Mapping[str, Asset] = request.app.state.assets
    response = HTMLResponse(assets["enter.html"].content)
    response.set_cookie(
        cookie_name(request.headers),
        access.open_session(),
        max_age=int(seconds),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response
