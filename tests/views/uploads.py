"""Sending a file of any size: the body is written here, for beyond 500 kB the test client of Werkzeug uses a
temporary file that it never closes.
"""

from werkzeug.test import TestResponse

from tests.strict_client import StrictClient

BOUNDARY = "----portail"


def send_file_form(
    client: StrictClient, page: str, fields: dict[str, str], file: tuple[str, bytes]
) -> TestResponse:
    """Open `page`, fill its form with `fields` and the (name, content) of its field `file`, send it."""
    client.get(page)
    (form,) = client.page.select('main form[enctype="multipart/form-data"]')
    token = form.find("input", attrs={"name": "csrf_token"})["value"]
    name, content = file
    parts = [
        f'name="{key}"\r\n\r\n{value}'.encode() for key, value in ({"csrf_token": token} | fields).items()
    ]
    parts.append(
        f'name="file"; filename="{name}"\r\nContent-Type: application/pdf\r\n\r\n'.encode() + content
    )
    start = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    body = b"".join(start + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()
    return client.post(
        form["action"], data=body, content_type=f"multipart/form-data; boundary={BOUNDARY}",
        headers={"Referer": f"http://localhost{page}"},
    )  # fmt: skip
