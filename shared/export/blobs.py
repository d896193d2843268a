"""Files in Storage. A file is whole or absent: its blocks become a blob in one commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from uuid import uuid4

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobClient, ContentSettings

from shared.errors import AppError, StorageUnavailable
from shared.storage.connection import EXPORT_CONTAINER, Storage, storage_errors

BLOCK_BYTES = 4 * 1024 * 1024
"""One is in memory at a time; 50,000 of them make the largest blob.
Source: https://learn.microsoft.com/rest/api/storageservices/put-block."""

_AGAIN = ("ContainerBeingDeleted", "ContainerNotFound", "InvalidBlockList")
"""Answers that another try may change: the container was just deleted; a repeat of the same step committed its own
blocks, which discards ours."""


class BlobRefused(AppError):
    """Storage will not have the file there; the message says what to do about it."""

    code = "FileNotStored"


class BlobForbidden(BlobRefused):
    code = "Forbidden"


def is_own(container: str) -> bool:
    """Whether a container is the app's own or its host's, where no export of a caller's choice may go."""
    return container == EXPORT_CONTAINER or container.startswith("azure-webjobs-")


class BlobFiles:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def write(
        self,
        container: str,
        path: str,
        file: BinaryIO,
        *,
        content_type: str,
        file_name: str,
        content_encoding: str | None = None,
    ) -> str:
        """Put the file there, in a container that is made if need be, in place of a blob that is there; its URL.

        Raises:
            StorageUnavailable: another try may succeed; nothing or an older file is there.
            BlobRefused: it would not.
        """
        blob = self._storage.blob_service.get_blob_client(container, path)
        settings = ContentSettings(
            content_type=content_type,
            content_encoding=content_encoding,
            content_disposition=f'attachment; filename="{file_name}"',
        )
        with _refusals(container, path):
            blocks = [self._stage(blob, data) for data in _blocks(file)]
            with storage_errors():
                blob.commit_block_list(blocks, content_settings=settings)
        return str(blob.url).split("?")[0]  # a shared access signature is a secret

    def read(self, container: str, path: str) -> bytes | None:
        """The whole file as it is stored, compressed or not; None where there is none.

        Raises:
            StorageUnavailable: it cannot be read now.
        """
        with storage_errors():
            try:
                return (
                    self._storage.blob_service.get_blob_client(container, path)
                    .download_blob(decompress=False)
                    .readall()
                )
            except ResourceNotFoundError:
                return None

    def _stage(self, blob: BlobClient, data: bytes) -> BlobBlock:
        """Under an id of its own: two writers of the same file must not mix their blocks."""
        block = BlobBlock(uuid4().hex)
        with storage_errors():
            try:
                blob.stage_block(block.id, data, len(data))
            except ResourceNotFoundError as error:
                if _code(error) != "ContainerNotFound":
                    raise
                self._create_container(blob.container_name)
                blob.stage_block(block.id, data, len(data))
        return block

    def _create_container(self, name: str) -> None:
        try:
            self._storage.blob_service.create_container(name)
        except HttpResponseError as error:
            if _code(error) != "ContainerAlreadyExists":
                raise


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while data := file.read(BLOCK_BYTES):
        yield data


@contextmanager
def _refusals(container: str, path: str) -> Iterator[None]:
    """Turn what Storage says into what a person can do."""
    try:
        yield
    except HttpResponseError as error:
        code = _code(error)
        if code in _AGAIN:
            raise StorageUnavailable from error
        if error.status_code in (401, 403):
            raise BlobForbidden(
                f"The app may not write to the container {container} ({code}). Give its identity the role Storage Blob "
                "Data Contributor on the storage account, then start the job again."
            ) from error
        raise BlobRefused(
            f"Storage refused the file {path} in the container {container} ({error.status_code}: {code}). Delete or "
            "unlock what is there, or export to another place."
        ) from error


def _code(error: HttpResponseError) -> str:
    """Storage's own code, which azure-storage-blob adds to the error: as text, or as an enum of its own whose text
    is another.
    """
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or error.reason)
