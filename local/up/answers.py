"""Small HTTP requests to the processes on this machine."""

import json
import urllib.error
import urllib.request
from typing import Any

# Never through a proxy that the environment names: the addresses are of this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def header(url: str, name: str, timeout: float = 5.0) -> str | None:
    """That header of the answer to a GET, whatever its status; None if nobody answers or it is absent."""
    try:
        with _OPENER.open(url, timeout=timeout) as answer:
            return str(answer.headers.get(name, "")) or None
    except urllib.error.HTTPError as error:
        with error:
            return str(error.headers.get(name, "")) or None
    except OSError:
        return None


def is_ok(url: str, timeout: float = 5.0) -> bool:
    """Whether a GET is answered with 2xx."""
    try:
        with _OPENER.open(url, timeout=timeout):
            return True
    except OSError:  # URLError and HTTPError are OSErrors
        return False


def get_json(url: str, timeout: float = 30.0) -> Any:
    """The JSON of a GET; raises OSError if it is not answered with 2xx."""
    with _OPENER.open(url, timeout=timeout) as answer:
        return json.load(answer)
