"""A local S3-compatible server: the bucket of the tests."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from minio import Minio
from moto.server import ThreadedMotoServer

from adapters.object_store import Bucket

SECRET = "secret-of-the-tests"


@contextmanager
def bucket_server() -> Iterator[Bucket]:
    """A server with one empty bucket, gone at the end."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        bucket = Bucket("s3://town/portail", f"http://{host}:{port}", "us-east-1", "portail", SECRET)
        client_of(bucket).make_bucket(bucket_name=bucket.name)
        yield bucket
    finally:
        server.stop()


def client_of(bucket: Bucket) -> Minio:
    """To look at the bucket without the portal."""
    return Minio(
        endpoint=bucket.endpoint.removeprefix("http://"),
        access_key=bucket.key,
        secret_key=bucket.secret,
        region=bucket.region,
        secure=False,
    )


def names_in(bucket: Bucket) -> list[str]:
    """Every object of the bucket."""
    return [one.object_name for one in client_of(bucket).list_objects(bucket.name, recursive=True)]


def empty(bucket: Bucket) -> None:
    for name in names_in(bucket):
        client_of(bucket).remove_object(bucket_name=bucket.name, object_name=name)


def settings_of(bucket: Bucket) -> dict[str, str]:
    """The environment that has a portal keep its files there."""
    return {
        "PORTAIL_FILES": bucket.place,
        "PORTAIL_S3_ENDPOINT": bucket.endpoint,
        "PORTAIL_S3_REGION": bucket.region,
        "PORTAIL_S3_KEY": bucket.key,
        "PORTAIL_S3_SECRET": bucket.secret,
    }
