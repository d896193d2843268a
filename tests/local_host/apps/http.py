"""HTTP functions that tell what they see."""

# ruff: noqa: N802 - functions are named as on Azure

import json
import logging
import os

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def seen(req: func.HttpRequest, who: str) -> func.HttpResponse:
    content = {
        "who": who,
        "method": req.method,
        "url": req.url,
        "headers": dict(req.headers),
        "params": dict(req.params),
        "routeParams": dict(req.route_params),
        "body": req.get_body().decode("utf-8", "replace"),
    }
    return func.HttpResponse(json.dumps(content), mimetype="application/json")


@app.route("api/health", methods=["GET"])
def Health(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ok")


@app.route("order/{name}")
def Beta(req: func.HttpRequest) -> func.HttpResponse:
    return seen(req, "Beta")


@app.route("order/{*rest}")
def alpha(req: func.HttpRequest) -> func.HttpResponse:
    return seen(req, "alpha")


@app.route("order/exact")
def Gamma(req: func.HttpRequest) -> func.HttpResponse:
    return seen(req, "Gamma")


@app.route("jobs/{id:guid}/{part?}", methods=["GET", "POST"])
async def Jobs(req: func.HttpRequest) -> func.HttpResponse:
    return seen(req, "Jobs")


@app.route("echo", methods=["POST"])
def Echo(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.get_body(), mimetype="application/octet-stream")


@app.route("answers/{kind}", methods=["GET"])
def Answers(req: func.HttpRequest) -> func.HttpResponse:
    kind = req.route_params["kind"]
    if kind == "none":
        return None  # type: ignore[return-value] # the fault under test
    if kind == "error":
        raise RuntimeError("secret detail")
    if kind == "text":
        return "plain text"  # type: ignore[return-value] # taken by the worker
    if kind == "json":
        return '{"a": [1]}'  # type: ignore[return-value] # taken by the worker
    if kind == "described":
        return '{"status": 201, "headers": {"X-A": "b"}, "body": {"c": 1}}'  # type: ignore[return-value] # likewise
    if kind == "header":
        return func.HttpResponse("x", headers={"X-Name": "日本"})
    response = func.HttpResponse("made", status_code=201, headers={"X-One": "1", "Content-Length": "999"})
    response.headers.add("Set-Cookie", "a=1; Path=/; HttpOnly")
    response.headers.add("Set-Cookie", "b=2")
    return response


@app.route("keyed", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
def Keyed(req: func.HttpRequest) -> func.HttpResponse:
    return seen(req, "Keyed")


@app.route("ruled", methods=["GET"], auth_level=func.AuthLevel.ADMIN)
def Ruled(req: func.HttpRequest) -> func.HttpResponse:
    return seen(req, "Ruled")


@app.route("off", methods=["GET"])
def Off(req: func.HttpRequest) -> func.HttpResponse:
    return seen(req, "Off")


@app.route("process", methods=["GET"])
def Process(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    logging.getLogger("app").info("a line from the app")
    return func.HttpResponse(
        json.dumps({"function": context.function_name, "auth": os.environ.get("WEBSITE_AUTH_ENABLED")})
    )
