"""The page beside the peers names every function of theirs, and only what is there of ours."""

from __future__ import annotations

import inspect
import re
import warnings
from pathlib import Path

import pytest

import quartiersatlas as qa
from quartiersatlas import segregation
from quartiersatlas.segregation.registry import registry

PAGE = (Path(__file__).parents[2] / "docs" / "segregation_peers.md").read_text(encoding="utf-8")
ROWS = [line.strip("|").split(" | ") for line in PAGE.splitlines() if line.startswith("| `")]
# what the manuals of the two R packages list: segregation 1.1.0 and OasisR 3.1.1
SEGREGATION = re.findall(
    r"\w+",
    """
compress dissimilarity dissimilarity_expected entropy exposure get_crosswalk ipf isolation matrix_to_long
merge_units mutual_difference mutual_expected mutual_local mutual_local_expected mutual_total
mutual_total_expected mutual_total_nested mutual_within scree_plot segcurve segplot
    """,
)
OASISR = re.findall(
    r"\w+",
    """
ACE ACEDuncan ACEDuncanPoly ACEDuncanPolyK ACEPoly ACL ACO Atkinson CMulti DIDuncan DIMorrill DIMorrillK DIWong
DMulti DPxx DPxy Delta Eta2 Gini Gini2 GiniMulti Gorard HLoc HMulti HShannon HTheil ISDuncan ISMorrill
ISMorrillK ISWong ISimpson JPielou LQ LShannon LSimpson MCPlot MCTest NShannon PMulti Poo Pxx Pxy RCE RCEPoly
RCEPolyK RCL RCO RelDivers ResamplePlot ResampleTest SP area boundaries contig distance distcenter ordinalseg
perimeter rankorderseg segdataclean xPx xPy
    """,
)


def named(column):
    return {name for row in ROWS for name in re.findall(r"`([^`]+)`", row[column])}


@pytest.mark.parametrize("name", [*SEGREGATION, *OASISR])
def test_every_function_of_the_r_packages_is_on_the_page(name):
    assert name in named(0)


def test_every_index_and_test_of_pysal_is_on_the_page():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its plotting stack warns at import
        from segregation import batch, decomposition, dynamics, inference, local, multigroup, singlegroup

    own = {
        name
        for module in (singlegroup, multigroup, local, decomposition, inference, dynamics, batch)
        for name, thing in vars(module).items()
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and thing.__module__.startswith("segregation.")
        if not name.startswith("_") and thing.__module__ != "segregation._base"
    }
    assert len(own) > 50
    assert own <= named(0)


@pytest.mark.parametrize("name", sorted(name for name in named(2) if "=" not in name and name != "shapley_detailed"))
def test_what_the_page_names_of_ours_is_there(name):
    if name.startswith("qa."):
        thing = qa
        for part in name.split(".")[1:]:
            thing = getattr(thing, part)
    elif "." in name:
        owner, attribute = name.split(".")
        thing = getattr(segregation, owner)
        assert hasattr(thing, attribute) or attribute in thing.__dataclass_fields__
    else:
        assert name in registry() or name in ("fit_margins", "share")


def test_every_index_of_ours_that_a_peer_has_is_on_the_page():
    own = {"spatial_dissimilarity", "spatial_information_theory", "spatial_relative_diversity", "spatial_isolation"}
    own |= {"spatial_exposure", "ordinal_absolute"}  # of surroundings: SegregationResult.profile
    assert set(registry()) - own <= named(2)
