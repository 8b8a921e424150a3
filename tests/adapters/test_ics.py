"""The ICS files of the Éducation nationale, row by row as published, and files that are not theirs."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.holidays import school_holidays
from adapters.ics import MAX_BYTES, parse_school_holidays
from domain.enums import SchoolZone
from domain.errors import Refused

NBSP = "\u00a0"


def a_calendar(*rows: tuple[str, ...], encoding: str = "utf-8") -> bytes:
    """A file from (DTSTART, DTEND, SUMMARY[, LOCATION]); 8 digits are a date, an empty DTEND is left out."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//data.education.gouv.fr//FR"]
    for number, (start, end, summary, *location) in enumerate(rows):
        lines += ["BEGIN:VEVENT", f"UID:{number}@data.education.gouv.fr", "DTSTAMP:20260918T084701Z"]
        lines += [_moment("DTSTART", start)] + ([_moment("DTEND", end)] if end else [])
        lines += [f"SUMMARY:{summary}"] + [f"LOCATION:{place}" for place in location]
        lines += ["TRANSP:TRANSPARENT", "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode(encoding)


def _moment(name: str, value: str) -> str:
    return f"{name};VALUE=DATE:{value}" if len(value) == 8 else f"{name}:{value}"


TOUSSAINT = ("20261017", "20261102", "Vacances de la Toussaint - Zone C", "Zone C")
ZONE_C = (
    ("20270703", "20270703", "Début des Vacances d'Été - Zone C", "Zone C"),
    ("20270506", "20270510", "Pont de l'Ascension - Zone C", "Zone C"),
    ("20270403", "20270419", "Vacances de Printemps - Zone C", "Zone C"),
    ("20270206", "20270222", "Vacances d'Hiver - Zone C", "Zone C"),
    ("20261219", "20270104", "Vacances de Noël - Zone C", "Zone C"),
    TOUSSAINT,
    ("20260831", "20260901", "Vacances d'Été(prérentrée Enseignants) - Zone C", "Zone C"),
)


def test_a_published_file_gives_the_days_without_school():
    assert parse_school_holidays(a_calendar(*ZONE_C)) == [
        (date(2026, 10, 17), date(2026, 11, 1), "Vacances de la Toussaint"),
        (date(2026, 12, 19), date(2027, 1, 3), "Vacances de Noël"),
        (date(2027, 2, 6), date(2027, 2, 21), "Vacances d’Hiver"),
        (date(2027, 4, 3), date(2027, 4, 18), "Vacances de Printemps"),
        (date(2027, 5, 6), date(2027, 5, 9), "Pont de l’Ascension"),
    ]


def test_the_file_and_the_library_agree():
    from_file = {(first, last) for first, last, _ in parse_school_holidays(a_calendar(*ZONE_C))}
    from_library = {
        (first, last)
        for first, last, label in school_holidays(SchoolZone.C, 2026, 2027)
        if "été" not in label
    }
    assert from_file == from_library


@pytest.mark.parametrize(
    ("start", "end", "place"),
    [
        ("20261016T220000Z", "20261101T230000Z", "Paris, midnights in UTC over the change of clock"),
        ("20261017T040000Z", "20261102T040000Z", "Guadeloupe, four hours behind UTC"),
        ("20261016T200000Z", "20261101T200000Z", "La Réunion, four hours ahead of UTC"),
        ("20261016T130000Z", "20261101T130000Z", "Nouvelle-Calédonie, eleven hours ahead of UTC"),
        ("20261016T163000", "20261102T083000", "from Friday after class to Monday morning"),
        ("20261016", "20261102", "the Friday of departure in place of the Saturday"),
    ],
)
def test_the_same_holiday_however_it_is_written(start, end, place):
    periods = parse_school_holidays(a_calendar((start, end, "Vacances de la Toussaint")))
    assert periods == [(date(2026, 10, 17), date(2026, 11, 1), "Vacances de la Toussaint")], place


def test_a_short_break_that_begins_on_a_friday_keeps_its_friday():
    bridge = ("20270507", "20270510", "Pont de l'Ascension")
    assert (date(2027, 5, 7), date(2027, 5, 9), "Pont de l’Ascension") in parse_school_holidays(
        a_calendar(TOUSSAINT, bridge)
    )


@pytest.mark.parametrize(
    "row",
    [
        ("20260831", "20260901", "Rentrée scolaire des enseignants"),
        ("20260901", "20260902", "Rentrée scolaire des élèves"),
        ("20260831", "20260901", "Vacances d'Été(prérentrée Enseignants) - Zone C"),
        ("20260821", "20260824", "PRÉRENTRÉE des personnels"),
        ("20270703", "20270703", "Début des Vacances d'Été - Zone C"),
        ("20270703", "20270704", "Début des vacances d’été"),
        ("20270703", "", "Vacances d'Été - Zone C"),
        ("20270517", "20270517", "Lundi de Pentecôte"),
    ],
)
def test_rows_that_are_no_holiday_of_pupils_are_left_out(row):
    assert len(parse_school_holidays(a_calendar(TOUSSAINT, row))) == 1


def test_a_day_without_class_decided_by_the_academy_is_kept():
    row = ("20270507", "20270508", "Les classes vaqueront le vendredi 7 mai")
    assert (
        date(2027, 5, 7),
        date(2027, 5, 7),
        "Les classes vaqueront le vendredi 7 mai",
    ) in parse_school_holidays(a_calendar(TOUSSAINT, row))


def test_a_broken_apostrophe_is_mended():
    row = ("20270527", "20270528", "Abolition de l?esclavage")
    assert "Abolition de l’esclavage" in {
        label for _, _, label in parse_school_holidays(a_calendar(TOUSSAINT, row))
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_every_usual_encoding_is_read(encoding):
    row = ("20261219", "20270104", "Vacances de Noël")
    assert parse_school_holidays(a_calendar(row, encoding=encoding))[0][2] == "Vacances de Noël"


def test_a_repeated_row_counts_once():
    assert len(parse_school_holidays(a_calendar(TOUSSAINT, TOUSSAINT))) == 1


def test_a_file_of_one_zone_may_name_the_others_on_common_holidays():
    common = ("20261219", "20270104", "Vacances de Noël - Zones A/B/C", "Zones A/B/C")
    assert len(parse_school_holidays(a_calendar(TOUSSAINT, common))) == 2


@pytest.mark.parametrize(
    "rows",
    [
        [
            ("20270206", "20270213", "Vacances d'Hiver - Zone C", "Zone C"),
            ("20270213", "20270220", "Vacances d'Hiver - Zones A/C", "Zones A/C"),
            ("20270220", "20270222", "Vacances d'Hiver - Zones A/B/C", "Zones A/B/C"),
            ("20270222", "20270301", "Vacances d'Hiver - Zones A/B", "Zones A/B"),
        ],
        [
            ("20090207", "20090223", "Vacances d'hiver - Zone A", "Caen"),
            ("20090214", "20090302", "Vacances d'hiver - Zone C", "Paris"),
        ],
    ],
)
def test_a_file_of_several_zones_is_refused(rows):
    assert refusal(a_calendar(*rows)).code == "ics_mixed_zones"


@pytest.mark.parametrize(
    ("start", "end"),
    [("20261219", "20260104"), ("20261009", "20270528")],
    ids=["ends before it begins", "lasts for months"],
)
def test_an_impossible_period_is_named(start, end):
    refused = refusal(a_calendar(TOUSSAINT, (start, end, "Vacances de Noël")))
    assert refused.code == "ics_impossible_period"
    assert f"«{NBSP}Vacances de Noël{NBSP}»" in refused.message
    assert "corrigez ces dates" in refused.message


def test_the_sentence_of_an_impossible_period_gives_both_dates():
    message = refusal(a_calendar(("20261219", "20260104", "Vacances de Noël"))).message
    assert f"du samedi 19{NBSP}décembre 2026 au dimanche 4{NBSP}janvier 2026" in message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 a spreadsheet",
        b"<html><body>404</body></html>",
        b"BEGIN:VCALENDAR\r\n",
        b"\x00" * 100,
    ],
)
def test_a_file_that_is_no_calendar_is_refused(content):
    assert refusal(content).code == "ics_unreadable"


@pytest.mark.parametrize("rows", [[], [("20270501", "20270502", "Anniversaire de Zoé")]])
def test_a_calendar_without_school_holidays_is_refused(rows):
    assert refusal(a_calendar(*rows)).code == "ics_no_holiday"


def test_a_file_that_is_too_big_is_not_even_read():
    padding = b"X-PADDING:" + b"x" * MAX_BYTES + b"\r\n"
    assert (
        refusal(a_calendar(TOUSSAINT).replace(b"END:VCALENDAR", padding + b"END:VCALENDAR")).code
        == "ics_too_big"
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    position=st.integers(0, len(a_calendar(*ZONE_C)) - 1), junk=st.binary(max_size=12), cut=st.integers(0, 40)
)
def test_a_damaged_file_is_read_or_refused_but_never_crashes(position, junk, cut):
    content = a_calendar(*ZONE_C)
    damaged = content[:position] + junk + content[position + cut :]
    try:
        periods = parse_school_holidays(damaged)
    except Refused:
        return
    assert all(first <= last for first, last, _ in periods)


def refusal(content: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        parse_school_holidays(content)
    return caught.value
