"""Route templates, as a table."""

import pytest

from local.host.routes import compile_route, decode_path

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("api/jobs", "/api/jobs", {}),
        ("api/jobs", "/API/Jobs/", {}),
        ("api/jobs", "/api/jobs/x", None),
        ("api/jobs", "/api/jobs//", None),
        ("api/jobs/{id}", "/api/jobs/a%20b", {"id": "a b"}),
        ("api/jobs/{id}", "/api/jobs/a%2Fb", {"id": "a%2Fb"}),
        ("api/jobs/{id}", "/api/jobs/", None),
        ("api/jobs/{id?}", "/api/jobs", {}),
        ("api/jobs/{id?}", "/api/jobs/7", {"id": "7"}),
        ("api/jobs/{id=5}", "/api/jobs", {"id": "5"}),
        ("{*rest}", "/", {}),
        ("{*rest}", "/a/b", {"rest": "a/b"}),
        ("portal/{**rest}", "/portal", {}),
        ("portal/{*rest}", "/portal/css/a.css", {"rest": "css/a.css"}),
        ("f/{name}.{kind}", "/f/a.b.csv", {"name": "a.b", "kind": "csv"}),
        ("f/{name}.{kind}", "/f/csv", None),
        ("v{major:int}/x", "/v12/x", {"major": "12"}),
        ("x/{id:guid}", f"/x/{GUID.upper()}", {"id": GUID.upper()}),
        ("x/{id:guid}", f"/x/{GUID.replace('-', '')}", {"id": GUID.replace("-", "")}),
        ("x/{id:guid}", f"/x/%7B{GUID}%7D", {"id": f"{{{GUID}}}"}),
        ("x/{id:guid}", "/x/wait", None),
        ("x/{id:int}", "/x/-5", {"id": "-5"}),
        ("x/{id:int}", "/x/2147483648", None),
        ("x/{id:long}", "/x/2147483648", {"id": "2147483648"}),
        ("x/{id:int?}", "/x", {}),
        ("x/{id:alpha}", "/x/aZ", {"id": "aZ"}),
        ("x/{id:alpha}", "/x/a1", None),
        ("x/{id:bool}", "/x/True", {"id": "True"}),
        ("x/{id:datetime}", "/x/2026-03-01", {"id": "2026-03-01"}),
        ("x/{id:datetime}", "/x/soon", None),
        ("x/{id:decimal}", "/x/1.5", {"id": "1.5"}),
        ("x/{id:double}", "/x/1e5", {"id": "1e5"}),
        ("x/{id:decimal}", "/x/1e5", None),
        ("x/{id:length(3)}", "/x/abcd", None),
        ("x/{id:length(2,4)}", "/x/abcd", {"id": "abcd"}),
        ("x/{id:minlength(2)}", "/x/a", None),
        ("x/{id:maxlength(2)}", "/x/abc", None),
        ("x/{id:min(5)}", "/x/4", None),
        ("x/{id:max(5)}", "/x/5", {"id": "5"}),
        ("x/{id:range(1,9)}", "/x/10", None),
        ("x/{id:int:min(3)}", "/x/2", None),
        ("x/{id:regex(^\\d{{3}}$)}", "/x/123", {"id": "123"}),
        ("x/{id:regex(^\\d{{3}}$)}", "/x/1234", None),
        ("x/{id:regex(^(a|b):c$)}", "/x/b:c", {"id": "b:c"}),
        ("", "/", {}),
        ("caf%C3%A9", "/caf%C3%A9", None),  # templates are text, not percent-encoded
        ("café", "/caf%C3%A9", {}),
    ],
)
def test_match(template: str, path: str, values: dict[str, str] | None) -> None:
    assert compile_route(template).match(decode_path(path)) == values


@pytest.mark.parametrize(
    "template",
    ["a/{id", "a/id}", "a/{id}{other}", "a/{id}/{ID}", "a/{id:sku}", "a/{id:length(x)}", "{*all}/b", "a/{}"],
)
def test_what_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="route"):
        compile_route(template)
