"""Makes `docs/portal.png`, the picture in the README: `python -m tests.portal.readme_picture`.

It shows the review of a change, on the default tenant of the simulator. Run it again after the portal's look has
changed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.portal.browser import launched
from tests.portal.pages import Portal
from tests.portal.tenant import populate
from tests.support.process import ROOT
from tests.support.system import System

PICTURE = ROOT / "docs" / "portal.png"
MAX_BYTES = 200_000


def main() -> int:
    with (
        TemporaryDirectory() as folder,
        System(Path(folder), {"LOCAL_USER": "Admin;Licenses.Manage"}) as system,
    ):
        populated = populate(system.api.as_principal(None), system.control, "Sales Germany", "Marketing")
        with launched() as browser:
            page = browser.new_page(viewport={"width": 1200, "height": 820}, locale="en-US")
            Portal(page, system.host.base_url).open(f"impact/{populated.review}")
            PICTURE.parent.mkdir(exist_ok=True)
            page.screenshot(path=PICTURE)
    size = PICTURE.stat().st_size
    print(f"{PICTURE}: {size:,} bytes")
    return 0 if size < MAX_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
