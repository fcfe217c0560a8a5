"""GET /api/openapi.json: the OpenAPI description, which quart-schema generates from the routes."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar

from quart import Blueprint, Quart, Response, current_app
from quart_schema import DataSource, QuartSchema, document_response, hide, security_scheme
from quart_schema.conversion import model_schema
from quart_schema.openapi import HttpSecurityScheme, Info, OpenAPIProvider
from werkzeug.routing import BaseConverter, Rule

from app import __version__
from app.api.reply import conditional_reply
from app.api.shapes import ErrorReply
from app.projects.by_key import KEY
from app.texts import visible_pattern
from app.web.ids import MAX_ID, IdConverter

blueprint = Blueprint("api_description", __name__)

View = TypeVar("View", bound=Callable[..., Any])

PREFIX = "/api/"
TOKEN: dict[str, list[str]] = {"token": []}
ANYONE: dict[str, list[str]] = {}
ERRORS = "_upvote_errors"  # the attribute of a view with the other statuses that it may answer
REASONS = {
    304: "If-None-Match names the ETag of the current state.",
    401: "The token is missing or not valid.",
    403: "This is not allowed, or a page of another site sent the request; the message says why.",
    404: "There is no such project, or no such page of the list.",
    409: "The same request is still being carried out; wait for Retry-After seconds.",
    413: "The body is too large.",
    414: "The address, with its query, is too long.",
    422: "Something is missing or wrong; the message says what.",
    429: "A limit was exceeded; wait for Retry-After seconds.",
    431: "The headers are too large.",
    503: "Redis or PostgreSQL does not answer; wait for Retry-After seconds.",
}
WITH_RETRY_AFTER = (409, 429, 503)
ANYWHERE = (414, 431)  # app/web/request_limits.py answers these before a route is known


def answers(
    model: type, *others: int, token: Literal["required", "optional"] = "required", status: int = 200
) -> Callable[[View], View]:
    """Document the answers of a route: `model` with `status`, and the `others`, statuses of REASONS.

    The token is optional if it only adds the caller's own votes.
    """

    def decorate(view: View) -> View:
        setattr(view, ERRORS, others)
        schemes = [TOKEN] if token == "required" else [TOKEN, ANYONE]
        return security_scheme(schemes)(document_response(model, status)(view))

    return decorate


class Description(OpenAPIProvider):
    """Describe the routes below /api/, and add what quart-schema cannot know: ids and errors."""

    def schema(self) -> dict[str, Any]:
        schema = super().schema()
        schema["components"]["schemas"]["Error"] = model_schema(ErrorReply)
        return schema

    def generate_rules(self) -> Iterable[Rule]:
        return [rule for rule in super().generate_rules() if rule.rule.startswith(PREFIX)]

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        others = getattr(self._app.view_functions[rule.endpoint], ERRORS, ())
        for path in paths.values():
            for operation in path.values():
                statuses = (*others, *ANYWHERE)
                operation["responses"].update({status: _response(status) for status in statuses})
        return paths, components

    def build_path_parameter(self, name: str, converter: BaseConverter) -> dict[str, Any]:
        parameter = super().build_path_parameter(name, converter)
        if isinstance(converter, IdConverter):
            parameter["schema"] |= {"minimum": 1, "maximum": MAX_ID}
        if name == "key":
            parameter["schema"] |= {"pattern": f"^{KEY.pattern}$"}
        return parameter

    def build_querystring_parameters(
        self, model: type[Any]
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        parameters, components = super().build_querystring_parameters(model)
        for parameter in parameters:
            if model.model_fields[parameter["name"]].is_required():
                parameter["required"] = True
        return parameters, components

    def build_request_body(
        self, model: type[Any], source: DataSource
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        body, components = super().build_request_body(model, source)
        return body | {"required": True}, components

    def operation_id(self, method: str, path: str, func: Callable[..., Any]) -> str:
        return func.__name__


def _response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {"description": REASONS[status]}
    if status >= 400:
        schema = {"$ref": "#/components/schemas/Error"}
        response["content"] = {"application/json": {"schema": schema}}
    if status in WITH_RETRY_AFTER:
        response["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    return response


def install_description(app: Quart) -> None:
    """Let quart-schema read the routes. Its own pages stay off: they load scripts from other sites."""
    QuartSchema(
        app,
        openapi_path=None,
        info=Info("Upvote", __version__, description="Votes, projects and metrics of voting."),
        security_schemes={"token": HttpSecurityScheme("bearer")},
        conversion_preference="pydantic",
        openapi_provider_class=Description,
    )


@blueprint.get("/api/openapi.json")
@hide
async def openapi() -> Response:
    """Return this description. It changes only with the versions of Upvote and Python."""
    await asyncio.to_thread(visible_pattern)  # the first call takes a while
    provider: Description = current_app.extensions["QUART_SCHEMA"].openapi_provider
    return conditional_reply(provider.schema())
