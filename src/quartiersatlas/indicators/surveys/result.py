"""A survey with what is done with it: columns for a release, sentences, a chart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Literal

from quartiersatlas.base.checks import choice, expects
from quartiersatlas.catalogue import Indicator, Message
from quartiersatlas.catalogue.texts import place_words
from quartiersatlas.charts import Charted
from quartiersatlas.errors import ColumnError, SpecError, list_some
from quartiersatlas.indicators.surveys.record import SurveyRecord
from quartiersatlas.indicators.surveys.words import labels, survey_chart, survey_text
from quartiersatlas.intake import AreaData

if TYPE_CHECKING:
    import pandas as pd

    from quartiersatlas.catalogue import Catalogue, Lang
    from quartiersatlas.charts import Chart

Estimate = Literal["direct", "model"]
STATUS = {
    "value": "value",
    "bracket": "unreliable",
    "slash": "unreliable",
    "few": "suppressed",
    "cases": "suppressed",
    "none": "missing",
}
DECIMALS = 4  # of a share in percent that goes on to the release, which rounds it


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class SurveyRates(SurveyRecord, Charted):  # noqa: D101 - the docstring is that of the record
    __doc__ = SurveyRecord.__doc__

    def on(self, data: AreaData, *, estimate: Estimate | None = None) -> AreaData:
        """Return data with the shares as columns, ready for a release.

        Parameters
        ----------
        data : AreaData
            Joined data; areas that nobody was asked in are missing.
        estimate : {"direct", "model"}, optional
            Which one; both, if not given: ``<name>``, and ``<name>_model`` where there is a model.

        Returns
        -------
        AreaData
            With the shares in percent. Values in brackets have the status ``unreliable``, those too uncertain have it
            and no value, those of too few respondents or cases are ``suppressed``. ``<name>_n`` counts the
            respondents; the share is declared as a share of them, so the release protects those who agree.

        Raises
        ------
        ColumnError
            There is no area of a key, or the data have such a column.
        SpecError
            There is no model.
        """
        expects(data, AreaData, "SurveyRates.on", "data = qa.join(areas, table)")
        choice(estimate, (None, "direct", "model"), "estimate")
        if estimate == "model" and self.model is None:
            raise SpecError("SurveyRates.on: there is no model of so few areas: take estimate='direct'.")
        unknown = self.table.index.difference(data.areas.index)
        if len(unknown):
            raise ColumnError(f"SurveyRates.on: there are no areas {list_some(unknown)} in the data.")
        name, base = self.definition.name, f"{self.definition.name}_n"
        columns = {name: ("", "shown")} if estimate != "model" else {}
        if self.model is not None and estimate != "direct":
            columns[f"{name}_model"] = ("model_", "model_shown")
        for column in (*columns, base):
            if column in data.values.columns:
                raise ColumnError(
                    f"SurveyRates.on: the data have a column {column!r} already: name the survey otherwise."
                )
        table = self.table.reindex(data.areas.index)
        n = table["n"].fillna(0.0)
        values, states = {base: n}, {base: n.eq(0).map({True: "zero", False: "value"})}
        for column, (prefix, how) in columns.items():
            state = table[how].fillna("none")
            share = (100 * table[f"{prefix}share"]).round(DECIMALS).where(state.isin(["value", "bracket"]))
            values[column] = share
            states[column] = state.map(STATUS).mask(share.eq(0) & state.eq("value"), "zero")
        catalogue = data.catalogue.add(*self._meanings(list(columns), base))
        catalogue = catalogue.with_relations(shares={name: base} if name in columns else {})
        return replace(
            data,
            values=data.values.assign(**values),
            status=data.status.assign(**{column: state.astype("str") for column, state in states.items()}),
            catalogue=catalogue,
            notes=(*data.notes, *self._notes(list(columns), catalogue, self.city_name or data.city)),
        )

    def _meanings(self, columns: list[str], base: str) -> list[Indicator]:
        found = []
        for column in columns:
            german, english = labels(self.definition, is_model=column.endswith("_model"))
            found.append(
                Indicator(
                    id=column,
                    label_de=german,
                    label_en=english,
                    numerator_de=self.definition.wording or self.definition.label_de,
                    numerator_en=self.definition.wording or self.definition.label_en,
                    denominator_de=self.definition.asked_of,
                    denominator_en=self.definition.asked_of,
                    kind="share",
                )
            )
        german, english = labels(self.definition, is_base=True)
        return [*found, Indicator(id=base, kind="count", label_de=german, label_en=english)]

    def _notes(self, columns: list[str], catalogue: Catalogue, city: str) -> list[Message]:
        label = (self.definition.label_de, self.definition.label_en)
        how = self.definition
        details = ", ".join(filter(None, (how.asked_of, how.mode, how.field_time))) or "–"
        said = {
            "label": label,
            "details": details,
            "n": int(self.city["n"]),
        }
        notes = [Message("fact_survey", said)]
        if self.model is not None and any(column.endswith("_model") for column in columns):
            known = [catalogue.get(one) for one in self.model.covariates]
            words = (", ".join(one.label_de for one in known), ", ".join(one.label_en for one in known))
            said = {"label": label, "covariates": words if known else "–", **place_words(city)}
            notes.append(Message("fact_survey_model", said))
        return notes

    def text(self, lang: Lang = "de") -> str:
        """Return what the survey says in sentences.

        Parameters
        ----------
        lang : {"de", "en"}, default "de"
            Language.

        Returns
        -------
        str
            One or two sentences per line: the city, how many areas may be shown, the model, what was assumed.
        """
        return "\n".join(survey_text(self, lang))

    def chart(
        self, kind: str | None = None, lang: Lang = "de", *, names: pd.Series[str] | None = None, most: int = 40
    ) -> Chart:
        """Return dots with intervals by name of the areas, with the respondents beside.

        Parameters
        ----------
        kind : {"direct", "model"}, optional
            Which estimates; the direct ones, if not given. With the model the direct ones are rings.
        lang : {"de", "en"}, default "de"
            Language.
        names : Series of str, optional
            Area -> name: ``data.areas["name"]``; the key stands in for it.
        most : int, default 40
            So many areas, those with most respondents.

        Returns
        -------
        Chart
            What may not be shown is not drawn.

        Raises
        ------
        SpecError
            There is no such kind or language, or no model.
        """
        choice(kind, (None, "direct", "model"), "kind")
        if kind == "model" and self.model is None:
            raise SpecError("There is no model of so few areas: chart('direct').")
        return survey_chart(self, lang, names=names, most=most, is_model=kind == "model")

    def __repr__(self) -> str:
        share, lower, upper = (f"{100 * self.city[end]:.1f}" for end in ("share", "lower", "upper"))
        counts = self.table["shown"].value_counts()
        words = ", ".join(f"{n} {name}" for name, n in counts.items())
        made = "no model" if self.model is None else f"model with {', '.join(self.model.covariates) or 'no covariate'}"
        return (
            f"SurveyRates {self.definition.name!r}: {share} % ({lower} to {upper}) of {self.city['n']:g} respondents\n"
            f"  {len(self.table)} areas: {words}; {made}"
        )

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text('en'))}</pre>" + self._picture()
