"""What keeps the host from starting."""

from collections.abc import Sequence


class HostStartError(Exception):
    """The app or its settings cannot be run; `faults` holds one line for each reason."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = tuple(faults)
