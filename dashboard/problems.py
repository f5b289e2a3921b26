"""Every error that the API gives, as RFC 9457 problem details with a stable `code`.

Never: a traceback or an inner name in an answer; those go to the log.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboard.plain import to_json
from state.ports import RepositoryFault, StoreAway, StoreError

MEDIA_TYPE = "application/problem+json"

_CODES = {
    400: "bad-request",
    401: "no-token",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    422: "invalid",
    429: "too-many-attempts",
}


class ProblemDetails(BaseModel):
    """`code` is stable; `detail` is one sentence for a person. `errors` lists every fault where there can be many."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, object]] | None = None


class Problem(Exception):
    """Ends a request with a problem."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[Mapping[str, object]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.errors = status, code, detail, errors

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        return problem(self.status, self.code, self.detail, self.errors, headers)


def problem(
    status: int,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, object]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for a problem."""
    body: dict[str, object] = {
        "type": f"urn:tianting:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors is not None:
        body["errors"] = [dict(one) for one in errors]
    return Response(to_json(body), status, dict(headers or {}), MEDIA_TYPE)


async def _problem(_: Request, raised: Exception) -> Response:
    assert isinstance(raised, Problem)
    return raised.response()


async def _http(_: Request, raised: Exception) -> Response:
    assert isinstance(raised, HTTPException)
    code = _CODES.get(raised.status_code, "error")
    return problem(raised.status_code, code, str(raised.detail), headers=raised.headers)


async def _invalid(_: Request, raised: Exception) -> Response:
    assert isinstance(raised, RequestValidationError)
    errors = [{"at": "/".join(str(part) for part in one["loc"]), "message": str(one["msg"])} for one in raised.errors()]
    first = errors[0] if errors else {"at": "", "message": "the request is not valid"}
    return problem(422, "invalid", f"{first['at']}: {first['message']}", errors)


def code_of(raised: Exception) -> str:
    """Of an error of the store's: `store-away` when it will do as soon as it can be reached again."""
    return "store-away" if isinstance(raised, StoreAway) else "store"


async def _store(_: Request, raised: Exception) -> Response:
    return problem(503, code_of(raised), str(raised), headers={"Retry-After": "1"})


async def _repository(_: Request, raised: Exception) -> Response:
    return problem(503, "repository", str(raised), headers={"Retry-After": "1"})


async def _bug(_: Request, __: Exception) -> Response:
    return problem(500, "bug", "an error of ours; the server's log has its story")


def answer_with_problems(app: FastAPI) -> None:
    """Let every error of this application be answered as a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(RepositoryFault, _repository)
    app.add_exception_handler(Exception, _bug)
