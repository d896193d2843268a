"""Function keys, as far as they matter to a caller.

`func start` checks none; here LOCAL_FUNCTION_KEY and LOCAL_MASTER_KEY turn the check on as on Azure.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Keys:
    function_key: str | None
    master_key: str | None

    def allow(self, level: str, headers: Mapping[str, str], params: Mapping[str, str]) -> bool:
        """Whether the caller's key opens a function of this level."""
        if level == "anonymous" or (self.function_key is None and self.master_key is None):
            return True
        if self.is_master(headers, params):
            return True
        return level == "function" and _same(self.function_key, given_key(headers, params))

    def allow_admin(self, headers: Mapping[str, str], params: Mapping[str, str]) -> bool:
        """Whether the caller may use /admin: the master key, where one is set."""
        return self.master_key is None or self.is_master(headers, params)

    def is_master(self, headers: Mapping[str, str], params: Mapping[str, str]) -> bool:
        return _same(self.master_key, given_key(headers, params))


def given_key(headers: Mapping[str, str], params: Mapping[str, str]) -> str:
    """The header counts alone, where there is one; else the query parameter `code`."""
    return headers.get("x-functions-key") or params.get("code", "")


def _same(key: str | None, given: str) -> bool:
    return key is not None and hmac.compare_digest(key.encode(), given.encode())
