"""The families of an opening morning, as browsers; `tests.load.opening_morning` starts this process.

    python -m tests.load.families <address> <file of people> --first 0 --step 2 --seconds 300 --pause 3

Each family opens a connection from an address of its own (127.x.y.z: the whole of 127.0.0.0/8 is this
machine's), so that the proxy sees as many visitors as there are families. It reads the sign-in page and its
files, signs in, books for one child on ten days and validates. Only forms and links of the pages that it has
read are used. Any address but the loopback's is refused, and there is an end to the number and to the time.
"""

import argparse
import asyncio
import ipaddress
import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import click

MOST_FAMILIES, MOST_SECONDS = 5000, 900
PATIENCE_SECONDS = 60
DAYS = 10
FILES = re.compile(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"')
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
DAY = re.compile(r'<button class="day [^>]*>')
FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)
RADIO = re.compile(r'<input[^>]*type="radio"[^>]*>')


def attributes(tag: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in ATTRIBUTE.findall(tag.partition(">")[0])}


Think = Callable[[], Awaitable[None]]


class Broken(Exception):
    """What the family read is not what it needs to go on."""


class Visitor:
    """One browser: its connection, its cookie, the page that it shows."""

    def __init__(self, host: str, port: int, source: str, told: dict[str, list[float]]) -> None:
        self.host, self.port, self.source, self.told = host, port, source, told
        self.cookies: dict[str, str] = {}
        self.stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.page = ""

    async def get(self, act: str, path: str) -> str:
        """Follow the redirections; the last page is shown. Returns its path."""
        for _ in range(5):
            status, location, text = await self._ask(act, "GET", path, None, {})
            if status == 200:
                self.page = text
                return path
            if status not in (302, 303):
                raise Broken(f"{act}: {status} {path}")
            path = urlsplit(location).path
        raise Broken(f"{act}: {path} leads nowhere")

    async def post(self, act: str, path: str, form: dict[str, str], **headers: str) -> tuple[int, str, str]:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._ask(act, "POST", path, urlencode(form).encode(), kind | headers)

    async def sent(self, act: str, path: str, form: dict[str, str]) -> str:
        """Send a form that leads to another page; its path."""
        status, location, _ = await self.post(act, path, form)
        if status != 303:
            raise Broken(f"{act}: {status}")
        return urlsplit(location).path

    async def file(self, path: str) -> None:
        status, _, _ = await self._ask("file", "GET", path, None, {})
        if status != 200:
            raise Broken(f"file: {status} {path}")

    def form(self, ending: str) -> tuple[str, str]:
        """(address, text) of the form of the page whose address ends so."""
        for text in FORM.findall(self.page):
            action = urlsplit(attributes(text).get("action", "")).path
            if action.endswith(ending):
                return action, text
        raise Broken(f"no form to {ending}")

    async def close(self) -> None:
        if self.stream is not None:
            self.stream[1].close()

    async def _ask(
        self, act: str, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, str, str]:
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE_SECONDS):
            if self.stream is None:
                self.stream = await asyncio.open_connection(self.host, self.port, local_addr=(self.source, 0))
            reader, writer = self.stream
            sent = {"Host": f"{self.host}:{self.port}", "Accept-Encoding": "identity", **headers}
            if self.cookies:
                sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            if body is not None:
                sent["Content-Length"] = str(len(body))
            lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
            writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + (body or b""))
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            fields = [line.partition(": ")[::2] for line in head[1:] if line]
            found = {name.lower(): value for name, value in fields}
            content = await self._content(reader, found)
        self.told[act].append(time.monotonic() - began)
        for name, value in fields:
            if name.lower() == "set-cookie":
                cookie = value.partition(";")[0].partition("=")
                self.cookies[cookie[0]] = cookie[2]
        if found.get("connection") == "close":
            writer.close()
            self.stream = None
        return int(head[0].split()[1]), found.get("location", ""), content.decode(errors="replace")

    async def _content(self, reader: asyncio.StreamReader, found: dict[str, str]) -> bytes:
        if found.get("transfer-encoding") != "chunked":
            return await reader.readexactly(int(found.get("content-length", 0)))
        content = b""
        while size := int((await reader.readline()).strip(), 16):
            content += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
        return content


def source_of(number: int) -> str:
    """The address of a family, in a network of its own for each 250 of them."""
    return f"127.1.{number // 250 + 1}.{number % 250 + 1}"


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of a form, which a browser sends back."""
    fields = (attributes(tag) for tag in HIDDEN.findall(text))
    return {field["name"]: field.get("value", "") for field in fields if "name" in field}


@dataclass(frozen=True, slots=True)
class Painting:
    """Step 3 of the wizard, open: its path, where a touched day goes, with what, the days that can be had."""

    path: str
    address: str
    fields: dict[str, str]
    days: list[dict[str, str]]

    async def touch(self, visitor: Visitor, button: dict[str, str], wanted: str = "book") -> None:
        value = button["value"].removesuffix("book") + wanted
        form = self.fields | {button["name"]: value}
        status, _, _ = await visitor.post("touched day", self.address, form, **{"HX-Request": "true"})
        if status != 200:
            raise Broken(f"touched day: {status}")


async def sign_in(visitor: Visitor, email: str, password: str, think: Think) -> None:
    """Read the sign-in page and its files, sign in, see the home page."""
    await visitor.get("sign-in page", "/")
    for path in dict.fromkeys(FILES.findall(visitor.page)):
        await visitor.file(path)
    await think()
    form = hidden(visitor.page) | {"email": email, "password": password}
    await visitor.get("home", await visitor.sent("sign-in", "/", form))


async def open_wizard(visitor: Visitor, think: Think) -> Painting:
    """Begin a booking for the first child."""
    await visitor.get("wizard", "/reservations/nouvelle")
    address, text = visitor.form("/reservations/nouvelle")
    choice = attributes(RADIO.findall(text)[0])
    await think()
    where = await visitor.sent("child", address, hidden(text) | {choice["name"]: choice["value"]})
    path = await visitor.get("planning", where)
    address, text = visitor.form("/jours")
    buttons = [attributes(tag) for tag in DAY.findall(text)]
    days = [button for button in buttons if button.get("value", "").endswith(":book")]
    if len(days) < DAYS:
        raise Broken(f"only {len(days)} days to touch")
    return Painting(path, address, hidden(text), days)


async def book(visitor: Visitor, email: str, password: str, pause: float, rng: random.Random) -> None:
    """The whole visit: sign in, see the home page, touch ten days, validate, read the receipt."""

    async def think() -> None:
        await asyncio.sleep(rng.uniform(0, 2 * pause))

    await sign_in(visitor, email, password, think)
    await think()
    painting = await open_wizard(visitor, think)
    for button in rng.sample(painting.days, DAYS):
        await think()
        await painting.touch(visitor, button)
    await visitor.get("recap", painting.path.replace("/planning", "/recapitulatif"))
    address, text = visitor.form("/valider")
    await think()
    await visitor.get("receipt", await visitor.sent("validation", address, hidden(text)))


async def morning(
    address: str, people: list[tuple[str, str]], first: int, step: int, seconds: float, pause: float
) -> dict:
    """Every family comes at a moment of its own in `seconds`, less the time of a visit."""
    where = urlsplit(address)
    told: dict[str, list[float]] = defaultdict(list)
    errors: list[str] = []
    done: list[float] = []
    visit = min(seconds / 2, pause * (DAYS + 6))

    async def come(number: int, email: str, password: str) -> None:
        rng = random.Random(number)  # noqa: S311  moments and days, not secrets
        await asyncio.sleep(rng.uniform(0, seconds - visit))
        visitor = Visitor(where.hostname, where.port, source_of(number), told)
        try:
            await book(visitor, email, password, pause, rng)
            done.append(time.monotonic() - began)
        except (Broken, OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            errors.append(f"{type(error).__name__}: {error}")
        finally:
            await visitor.close()

    began = time.monotonic()
    own = [(number, *one) for number, one in enumerate(people) if number % step == first]
    async with asyncio.timeout(2 * MOST_SECONDS):
        await asyncio.gather(*(come(*one) for one in own))
    return {"durations": told, "errors": errors, "done": done, "seconds": time.monotonic() - began}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("people", type=Path)
    for name, kind in (("first", int), ("step", int), ("seconds", float), ("pause", float)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    asked = parser.parse_args()
    host = urlsplit(asked.address).hostname or ""
    if not ipaddress.ip_address(host).is_loopback:
        parser.error("This generator loads the machine that it runs on, and no other.")
    people = [tuple(one) for one in json.loads(asked.people.read_text())]
    if len(people) > MOST_FAMILIES or not 0 < asked.seconds <= MOST_SECONDS:
        parser.error(f"At most {MOST_FAMILIES} families and {MOST_SECONDS} seconds.")
    told = asyncio.run(morning(asked.address, people, asked.first, asked.step, asked.seconds, asked.pause))
    click.echo(json.dumps(told))


if __name__ == "__main__":
    main()
