"""The register of measures of the sample city as rows: offices, aims, money, participation, what is known there."""

from __future__ import annotations

import csv
import io

FILES = {
    "Maßnahmen": "massnahmen", "Förderung": "foerderung", "Ziele": "ziele", "Zielwerte": "zielwerte",
    "Prognosen": "prognosen", "Beteiligung": "beteiligung", "Ortswissen": "ortswissen",
}  # fmt: skip
"""Sheet of the workbook to the name of its CSV file."""
ON = "31.10.2024"
MEASURES = (
    # number, name, lead, fields, aim, aim no., status, begin, end, priority, cost, scope, areas, whole city, capacity
    ("M01", "Sprachcafé am Hafen", "Volkshochschule", "Bildung", "Sprache im Alltag", "Z2", "läuft", "2023", "2025",
     "hoch", 24000, "Gebiet", "0305", "nein", 120),
    ("M02", "Stadtteilmütter", "Jugendamt", "Soziales; Bildung", "Familien erreichen", "Z3", "läuft", "01.03.2022",
     "28.02.2025", "hoch", 96000, "Gebiet", "0404", "ja", 60),
    ("M03", "Welcome Center", "Hauptamt", "Verwaltungshandeln", "Eine Anlaufstelle für alle", "Z4", "geplant", "2025",
     "dauerhaft", "mittel", 240000, "Gesamtstadt", "", "ja", ""),
    ("M04", "Spielplatz am Gleisdreieck", "Grünflächenamt", "Bauen und Wohnen", "Orte zum Treffen", "Z3",
     "abgeschlossen", "2021", "2023", "niedrig", 80000, "Gebiet", "0305", "nein", ""),
    ("M05", "Job-Lotsen", "Jobcenter", "Wirtschaft und Beschäftigung", "Wege in Arbeit", "Z4", "läuft", "2022",
     "30.06.2024", "hoch", 135000, "Gebiet", "0404", "ja", 90),
    ("M06", "Verein öffnet sich", "Sportamt", "Kultur, Freizeit, Sport", "Teilhabe im Verein", "Z3", "läuft", "2024",
     "2026", "mittel", "", "Gebiet", "0101", "nein", 40),
    ("M07", "Lernhaus", "Schulamt", "Bildung", "Gute Übergänge", "Z2", "Idee", "", "", "hoch", "", "Gebiet", "0305",
     "ja", ""),
)  # fmt: skip
MEASURE_HEAD = (
    "Nr.", "Name der Maßnahme", "Federführung/Verantwortlich", "Handlungsfelder", "Ziel", "Ziel-Nr.", "Aktueller Stand",
    "Laufzeit: Beginn", "Laufzeit: Ende", "Priorisierung", "Kosten", "Wirkungsraum", "Gebiete",
    "Relevanz für die Gesamtstadt", "Plätze/erreichte Personen pro Jahr",
)  # fmt: skip
FUNDING_HEAD = (
    "Nr. der Maßnahme", "Programm", "Mittelgeber", "Summe (EUR)", "Bewilligt ab", "Bewilligt bis",
    "Stand der Förderung",
)  # fmt: skip
FUNDING = (
    ("M01", "STÄRKEN", "Bund", 18000, "2023", "30.06.2025", "bewilligt"),
    ("M02", "Sozialer Zusammenhalt", "Bund", 60000, "01.03.2022", "31.12.2024", "bewilligt"),
    ("M02", "Stiftung Stadtleben", "Stiftung", 12000, "2023", "28.02.2025", "bewilligt"),
    ("M03", "Haushalt der Stadt", "Kommune", 120000, "2025", "2026", "beantragt"),
)
AIM_HEAD = ("Ziel-Nr.", "Ebene", "gehört zu", "Ziel", "Dokument")
AIMS = (
    ("Z1", "Leitbild", "", "Eine Stadt, in der alle teilhaben", "INSEK 2030"),
    ("Z2", "Leitziel", "Z1", "Sprache und Bildung von Anfang an", "Integrationskonzept 2022"),
    ("Z3", "Leitziel", "Z1", "Nachbarschaften, die zusammenhalten", "INSEK 2030"),
    ("Z4", "Leitziel", "Z1", "Offene Verwaltung, offene Betriebe", "Integrationskonzept 2022"),
)
TARGET_HEAD = ("Indikator", "Gebiet", "Ausgangsdatum", "Zielwert", "Zieldatum", "Definition", "Beschluss")
TARGETS = (("child_poverty_u15", "Gesamtstadt", "31.12.2022", 16, "2030", "child_poverty_u15", "Rat 12.03.2023"),)
AHEAD_HEAD = ("Indikator", "Gebiet", "Stand", "Wert", "Art", "Variante", "erstellt am", "Verfahren", "Quelle")
AHEAD = tuple(
    ("child_poverty_u15", "Gesamtstadt", *row, "Statistikstelle (synthetisch)")
    for row in (
        ("2024", 17.5, "Prognose", "", "15.03.2022", "Fortschreibung der Jahre 2017 bis 2021"),
        ("2026", 17.9, "Prognose", "", "30.06.2024", "Fortschreibung der Jahre 2019 bis 2023"),
        ("2026", 17.0, "Szenario", "mehr Arbeitsplätze", "30.06.2024", "Annahme: 800 Stellen mehr"),
        ("2026", 18.8, "Szenario", "Zuzug wie 2022", "30.06.2024", "Annahme: Wanderung des Jahres 2022"),
    )
)
SAID_HEAD = (
    "Veranstaltung", "Datum", "Format", "Gebiet", "Handlungsfeld", "Ergebnis/Anregung", "Art", "Nennungen",
    "Teilnehmende", "aufgenommen in Maßnahme", "Antwort der Verwaltung",
)  # fmt: skip
SAID = (
    ("V01", "14.05.2024", "Stadtteilkonferenz", "0305", "Soziales", "Ein Treffpunkt am Gleisdreieck", "Anregung", 14,
     42, "", ""),
    ("V01", "14.05.2024", "Stadtteilkonferenz", "0305", "Bildung", "Kurse auch am Abend", "Bedarf", 7, 42, "M01",
     "Ab Herbst 2024"),
    ("V02", "03.09.2024", "Gesprächsrunde", "0404", "Bildung", "Die Zahl der Kinder ist zu niedrig", "Berichtigung", 2,
     8, "", ""),
)  # fmt: skip
KNOWN_HEAD = ("Gebiet", "Indikator", "Hinweis", "Stelle", "Datum", "sichtbar für")
KNOWN = (
    ("0404", "", "Der Neubau am Rand ist seit Frühjahr 2024 bezogen (synthetisch).", "Quartiersmanagement",
     "01.10.2024", "Öffentlichkeit"),
)  # fmt: skip


def sheets() -> dict[str, tuple[tuple[str, ...], list[tuple[object, ...]]]]:
    """Return heading and rows of each sheet."""
    return {
        "Maßnahmen": ((*MEASURE_HEAD, "Stand der Angabe"), [(*row, ON) for row in MEASURES]),
        "Förderung": (FUNDING_HEAD, list(FUNDING)),
        "Ziele": (AIM_HEAD, list(AIMS)),
        "Zielwerte": (TARGET_HEAD, list(TARGETS)),
        "Prognosen": (AHEAD_HEAD, list(AHEAD)),
        "Beteiligung": (SAID_HEAD, list(SAID)),
        "Ortswissen": (KNOWN_HEAD, list(KNOWN)),
    }


def register_files() -> dict[str, bytes]:
    """Return the sheets as CSV files, as a town without spreadsheets would keep them: UTF-8 with a mark, semicolons."""
    found = {}
    for name, (head, rows) in sheets().items():
        text = io.StringIO(newline="")
        csv.writer(text, delimiter=";", lineterminator="\r\n").writerows([head, *rows])
        found[f"{FILES[name]}.csv"] = text.getvalue().encode("utf-8-sig")
    return found
