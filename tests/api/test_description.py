"""GET /api/openapi.json."""

from hypothesis import given
from hypothesis import strategies as st

from app.api.shapes import URI
from app.projects.forms import LONGEST_URL, parse_submission
from tests.support import client_of


async def test_every_route_of_the_api_is_described_with_all_its_answers(app):
    answer = await client_of(app).get("/api/openapi.json")
    described = await answer.get_json()
    routes = {
        (rule.rule.replace("<id:project_id>", "{project_id}").replace("<key>", "{key}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.rule != "/api/openapi.json"
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    operations = {
        (path, method): operation
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert operations.keys() == routes
    for each in operations.values():
        assert {"401", "503"} < each["responses"].keys()
        assert {"200", "201"} & each["responses"].keys()


async def test_only_parameters_that_may_be_left_out_are_optional(app):
    described = await (await client_of(app).get("/api/openapi.json")).get_json()
    required = {
        (path, parameter["name"])
        for path, methods in described["paths"].items()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter.get("required")
    }
    assert required == {("/api/tallies", "keys")}


async def test_the_pages_of_quart_schema_are_off(app):
    for path in ("/docs", "/redocs", "/scalar", "/openapi.json"):
        assert (await client_of(app).get(path)).status_code == 404


@given(st.from_regex(URI, fullmatch=True))
def test_every_link_that_the_description_allows_is_accepted(link):
    assert len(link) > LONGEST_URL or not parse_submission({"title": "A", "url": link})[1]
