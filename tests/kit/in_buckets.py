"""Projects whose lake lies in a bucket, with the requests that were made for it."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

from kit.clones import FILES, Clone
from kit.fault_proxy import FaultProxy
from kit.remote import TOKEN, Bucket

_numbers = itertools.count(1)


class BucketShop(Clone):
    """A project in a bucket, behind a proxy.

    Args:
        more: lines of `andon.toml`.
        prefix: where its lake lies; None: at one of its own.
    """

    def __init__(
        self, root: Path, bucket: Bucket, proxy: FaultProxy, more: str = "", prefix: str | None = None
    ) -> None:
        super().__init__(root, environ={"S3_SECRET": TOKEN})
        self.bucket, self.proxy = bucket, proxy
        self.prefix = prefix or f"team{next(_numbers)}"
        for path, text in FILES.items():
            self.write(path, text)
        connection = bucket.connection(proxy.url)
        self.write("andon.toml", f'storage = "s3://{bucket.name}/{self.prefix}"\n{more}{connection}')

    @property
    def mirror(self) -> Path:
        (found,) = (self.root / ".andon/mirror").iterdir()
        return found

    def objects(self, folder: str = "") -> dict[str, bytes]:
        """What lies in the bucket, by its path in the storage."""
        start = f"{self.prefix}/"
        return {key.removeprefix(start): self.bucket.get(key) for key in self.bucket.keys(start + folder)}

    def lose_mirror(self) -> None:
        """What a new machine has."""
        shutil.rmtree(self.root / ".andon/mirror", ignore_errors=True)

    def verified(self) -> bool:
        """Whether all is read whole, out of the bucket."""
        with self.opened() as service:
            return not service.verifying.verify(all=True).damaged

    def asked(self) -> list[str]:
        """The methods of the requests since it was asked last."""
        return sorted(each.method for each in self.proxy.take())
