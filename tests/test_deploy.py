"""The files that a town copies beside the portal are taken as they are shipped."""

import re
import subprocess
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import config
from tests.adapters.test_mail import free_port
from tests.conftest import missing_tool
from tests.load.proxy import AROUND, nginx


def certificate() -> tuple[bytes, bytes]:
    """A certificate of the site for a day, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "famille.macommune.fr")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    return (
        made.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, form, plain),
    )


def test_nginx_takes_its_file_with_https(tmp_path):
    program = nginx()
    if program is None:
        missing_tool("nginx is missing: apt install nginx-light")
    for file, content in zip(("fullchain.pem", "privkey.pem"), certificate(), strict=True):
        (tmp_path / file).write_bytes(content)
    site = (config.ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for shipped, ours in (
        (r"/etc/letsencrypt/live/famille\.macommune\.fr/", f"{tmp_path}/"),
        (r"/var/cache/nginx/portail", f"{tmp_path}/cache"),
        (r"listen 80;", f"listen 127.0.0.1:{free_port()};"),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{free_port()} ssl;"),
    ):
        site, found = re.subn(shipped, ours, site)
        assert found, shipped
    (tmp_path / "site.conf").write_text(site, encoding="utf-8")
    settings = tmp_path / "nginx.conf"
    settings.write_text(AROUND.format(folder=tmp_path, user=""), encoding="utf-8")
    tried = subprocess.run([program, "-t", "-p", tmp_path, "-c", settings], capture_output=True, text=True)
    assert tried.returncode == 0, tried.stderr
