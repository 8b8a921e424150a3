"""Browsers are named as their owner calls them."""

import pytest

from domain.devices import LONGEST_HEADER, UNKNOWN, device_name

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML)"
IPHONE = f"{MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X)"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (
            f"{MOZILLA} (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox sur Windows",
        ),
        (f"{MOZILLA} (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox sur Android"),
        (f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome sur Linux"),
        (
            f"{MOZILLA} (Linux; Android 10; K) {WEBKIT} Chrome/140 Mobile Safari/537.36",
            "Chrome sur Android",
        ),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge sur Windows"),
        (
            f"{MOZILLA} (Linux; Android 14) SamsungBrowser/28 Chrome/130",
            "Samsung Internet sur Android",
        ),
        (
            f"{IPHONE} Version/18.0 Safari/604.1",
            "Safari sur iPhone",
        ),
        (
            f"{IPHONE} FxiOS/140.0 Safari/604.1",
            "Firefox sur iPhone",
        ),
        (f"{MOZILLA} (iPad; CPU OS 18_0 like Mac OS X) CriOS/140.0 Safari/604.1", "Chrome sur iPad"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari sur Mac"),
        ("Android", "Navigateur sur Android"),
        ("Firefox/140.0", "Firefox"),
        ("curl/8.0", UNKNOWN),
        ("", UNKNOWN),
        (" " * LONGEST_HEADER + "Firefox/1 Android", UNKNOWN),
    ],
)
def test_the_browser_and_its_system_are_named(header, name):
    assert device_name(header).replace("\u00a0", " ") == name
