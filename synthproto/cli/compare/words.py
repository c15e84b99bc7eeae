"""What the scores of a comparison say, in plain words: for the page, the tooltips, the reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final


@final
@dataclass(frozen=True)
class Words:
    """A score in plain words.

    Attributes:
        title: Its name in a table.
        says: What the number is.
        scale: Its range, and which end is best.
        caution: What it does not prove, or what it is easily mistaken for.
    """

    title: str
    says: str
    scale: str
    caution: str = ""


_ZERO: Final = "0 to 1; 0 is best."
_ONE: Final = "0 to 1; 1 is best."
_ALARM: Final = (
    "An alarm for memorisation, not a proof of privacy: tables that pass have been attacked with "
    "success (“The DCR Delusion”, arXiv 2505.01524)."
)
_SAMPLING: Final = "Real rows in its place do not reach the best value either: see the reference."
_ITS_WAY: Final = "Its definition has weaknesses; it is here to compare with published numbers."

STATISTICS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mean": "mean",
        "std": "standard deviation",
        "variance": "variance",
        "median": "median",
        "first_quartile": "first quartile",
        "third_quartile": "third quartile",
        "min": "minimum",
        "max": "maximum",
    }
)
"""Descriptive statistics in words."""

WORDS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "fidelity/similarity": Words(
            "Overall similarity",
            "How alike single columns are, how alike all pairs of columns are, and how alike their "
            "dependence on each other is: a third each.",
            _ONE,
            "It does not see what three columns have in common, and a copy of the real table is "
            "perfect.",
        ),
        "fidelity/mean_shape_distance": Words(
            "Column distance (shape error)",
            "How far the distribution of a column is off, mean over columns: the largest gap of "
            "the distribution functions for numbers, the share of rows that would have to change "
            "for categories.",
            _ZERO,
            "Says nothing about how columns depend on each other.",
        ),
        "fidelity/trend_similarity": Words(
            "Pair similarity (1 - trend error)",
            "Whether columns depend on each other two by two as in the real table, mean over all "
            "pairs: correlations of numbers, shares of all combinations of categories.",
            _ONE,
            "Most pairs of most tables hardly depend on each other, so that poor tables reach 0.9.",
        ),
        "fidelity/dependence_similarity": Words(
            "Dependence similarity",
            "Whether columns depend on each other as in the real table, in strength and in kind, "
            "apart from how each is distributed by itself.",
            "-1 to 1; 1 is best, 0 is what independent columns reach.",
            "Sees two columns at a time.",
        ),
        "fidelity/dependence_kept": Words(
            "Dependence kept",
            "Share of the real dependence of columns on each other that the synthetic table has.",
            "At most 1, which is best; 0 for independent columns.",
            "Noise is dependence too: real rows do not reach 1, see the reference.",
        ),
        "fidelity/nmi_similarity": Words(
            "Mutual information similarity",
            "How alike the mutual information of each pair of columns is, strong pairs first.",
            _ONE,
            "Equal strength may still be another kind of dependence.",
        ),
        "fidelity/correlation_distance": Words(
            "Association distance",
            "How far the strengths of association between columns are off (root mean square).",
            "0 to 2; 0 is best.",
            "A strength does not say which values go together.",
        ),
        "fidelity/mean_js_distance": Words(
            "Jensen-Shannon distance",
            "Another distance of the distributions of single columns, mean over columns, more "
            "sensitive to rare values.",
            _ZERO,
        ),
        "fidelity/mean_missing_rate_difference": Words(
            "Missing values",
            "Difference of the shares of missing values, mean over columns.",
            _ZERO,
        ),
        "validity/mean_boundary_adherence": Words(
            "Numbers in range",
            "Share of synthetic numbers within the range of the real column.",
            _ONE,
            "New extremes are no fault in themselves.",
        ),
        "validity/mean_range_coverage": Words(
            "Range covered",
            "Share of the real range that the synthetic numbers span.",
            _ONE,
            "Hangs on two values of a column; a short table covers less.",
        ),
        "validity/mean_category_adherence": Words(
            "Categories known", "Share of synthetic rows whose category exists in real.", _ONE
        ),
        "validity/mean_category_coverage": Words(
            "Categories covered",
            "Share of the real categories that occur in the synthetic column.",
            _ONE,
            "Rare categories are missing from short tables.",
        ),
        "validity/mean_key_uniqueness": Words(
            "Keys unique", "Share of synthetic rows with a new identifier.", _ONE
        ),
        "joint/alpha_precision": Words(
            "Alpha-precision",
            "How well synthetic rows fill the region of the real rows, from its core to its edge.",
            _ONE,
            "Sees distances to the centre only.",
        ),
        "joint/beta_recall": Words(
            "Beta-recall",
            "How much of the variety of the real rows the synthetic ones reach.",
            "0 to 1; higher is better, but a perfect sample reaches 0.5 to 0.7, less if it has "
            "fewer rows than the real table.",
            _SAMPLING,
        ),
        "joint/c2st_trees": Words(
            "Indistinguishable (C2ST, trees)",
            "Boosted trees try to tell synthetic rows from real ones: 1 if they cannot, 0 if they "
            "always can.",
            _ONE,
            "Strict: one wrong decimal in one column is enough to score 0.",
        ),
        "joint/c2st_linear": Words(
            "Indistinguishable (C2ST, logistic)",
            "Logistic regression tries to tell synthetic rows from real ones: 1 if it cannot, 0 if "
            "it always can.",
            _ONE,
            "Sees each column by itself; dependence of columns escapes it.",
        ),
        "utility/tstr": Words(
            "Trained on synthetic",
            "A model is trained on synthetic rows and predicts the target of the holdout.",
            "AUROC, F1 and R²: 1 is best. RMSE: 0 is best, in the unit of the target.",
            "Compare it with “trained on real”. One target says little about another.",
        ),
        "utility/trtr": Words(
            "Trained on real",
            "The same model trained on as many real rows: what can be reached.",
            "AUROC, F1 and R²: 1 is best. RMSE: 0 is best, in the unit of the target.",
        ),
        "utility/mean_predictability_kept": Words(
            "Predictability kept",
            "Of what real rows teach about each column, the share that synthetic rows do, mean "
            "over the columns that can be predicted at all.",
            _ONE,
            "Predicting every column well does not make rows real ones.",
        ),
        "utility/gap": Words(
            "Utility lost",
            "“Trained on real” minus “trained on synthetic”, turned so that more is worse.",
            "0 is best; slightly negative by chance.",
        ),
        "privacy/exact_match_share": Words(
            "Exact matches",
            "Share of synthetic rows that are in the real table, value for value.",
            "0 to 1; compare with the reference: in coarse tables independent people agree.",
            _ALARM,
        ),
        "privacy/dcr": Words(
            "Distance to closest record",
            "How far a synthetic row is from the real row closest to it: the 5 % closest, and the "
            "median.",
            "0 (a copy) to 1; no end is best. Well below the reference: memorised.",
            _ALARM,
        ),
        "privacy/dcr_share": Words(
            "Closer to training than to holdout",
            "Share of synthetic rows that are closer to the real table than to the holdout, with "
            "its 95 % interval.",
            "0 to 1; 0.5 for a model that did not memorise, 1 for copies; z: above 2 is no chance.",
            _ALARM,
        ),
        "fidelity/sdmetrics_column_shapes": Words(
            "Column Shapes (SDMetrics)",
            "SDMetrics' similarity of single columns; half of its quality score.",
            _ONE,
            _ITS_WAY,
        ),
        "fidelity/sdmetrics_column_pair_trends": Words(
            "Column Pair Trends (SDMetrics)",
            "SDMetrics' similarity of the pairs of columns that depend on each other enough; half "
            "of its quality score.",
            _ONE,
            _ITS_WAY,
        ),
        "validity/sdmetrics_data_validity": Words(
            "Data Validity (SDMetrics)",
            "Share of values within the real ranges, categories, or new keys, mean over columns.",
            _ONE,
        ),
        "validity/sdmetrics_data_structure": Words(
            "Data Structure (SDMetrics)", "Whether columns have the same names and types.", _ONE
        ),
        "fidelity/mean_artifact_core_js_distance": Words(
            "JS distance (artifact-core)",
            "artifact-core's distance of single columns, mean over columns.",
            "0 to 0.8326; 0 is best.",
            _ITS_WAY,
        ),
        "fidelity/artifact_core_correlation_distance": Words(
            "Correlation distance (artifact-core)",
            "artifact-core's distance between the matrices of association.",
            _ZERO,
            _ITS_WAY,
        ),
        "fidelity/shape_distance": Words(
            "Distance by column",
            "How far the distribution of each column is off: the largest gap of the distribution "
            "functions for numbers, the share of rows that would have to change for categories.",
            _ZERO,
        ),
        "fidelity/ks_distance": Words(
            "Kolmogorov-Smirnov distance",
            "Largest gap between the real and the synthetic distribution function of a number.",
            _ZERO,
        ),
        "fidelity/total_variation": Words(
            "Total variation",
            "Share of rows that would have to change for the categories of a column to have the "
            "real shares.",
            _ZERO,
            "With many rare categories even real rows are far from 0: see the reference.",
        ),
        "fidelity/wasserstein_distance": Words(
            "Wasserstein distance",
            "How far values are from where they should be, on average, in units of the real "
            "spread.",
            "0 is best; 1 is one real standard deviation.",
        ),
        **{
            f"fidelity/{statistic}_similarity": Words(
                f"Similarity of the {title}",
                f"How close the {title} of each number is to the real one, by the real range.",
                _ONE,
                "A range that one outlier has made wide makes everything look close.",
            )
            for statistic, title in STATISTICS.items()
        },
        **{
            f"fidelity/{statistic}_difference": Words(
                f"Difference of the {title}",
                f"How far the {title} of each number is from the real one, in its unit.",
                "0 is best; the unit is that of the column.",
            )
            for statistic, title in STATISTICS.items()
        },
        "fidelity/correlation_similarity": Words(
            "Correlation similarity",
            "Whether numbers are correlated as in the real table, mean over their pairs.",
            _ONE,
            "Two columns that do not depend on each other are easily right.",
        ),
        "fidelity/contingency_similarity": Words(
            "Contingency similarity",
            "Whether combinations of two values are as common as in the real table, mean over all "
            "pairs of columns.",
            _ONE,
            "Columns that are right by themselves already reach most of it.",
        ),
        "fidelity/script_js_divergence": Words(
            "JS divergence (experiment script)",
            "The experiment script's divergence of single columns.",
            "0 to 0.69; 0 is best.",
            _ITS_WAY,
        ),
        "validity/exact_dtypes": Words(
            "Exact types", "Share of columns that have exactly the real type.", _ONE
        ),
        "joint/prdc": Words(
            "Precision, recall, density, coverage",
            "How far the tables overlap: balls around the rows of one that hold rows of the other.",
            "0 to 1; 1 is best. Density: about 1 is best, more is crowded.",
            _SAMPLING,
        ),
        "joint/authenticity": Words(
            "Authenticity",
            "Share of synthetic rows that do not look copied from the real row closest to them.",
            "0 (copies) to 1; 0.5 for independent real rows.",
            "Rows far from everything real look authentic too.",
        ),
        "joint/mmd": Words(
            "Maximum mean discrepancy",
            "Distance of the tables as wholes, by how alike rows are within and between them.",
            "0 is best; at most 1.41.",
            _SAMPLING,
        ),
        **dict.fromkeys(
            ("joint/c2st_auc_trees", "joint/c2st_auc_linear"),
            Words(
                "Area under the ROC curve of the C2ST",
                "How often a classifier ranks a synthetic row as more synthetic than a real one.",
                "0.5 if it cannot tell them apart, 1 if it always can.",
                "Below 0.5 where synthetic rows are copies.",
            ),
        ),
        "paper/published": Words(
            "As published",
            "What the scripts published with TabSyn (ICLR 2024) print: lay these beside a paper's "
            "numbers.",
            "Errors: 0 is best. DCR share: 0.5. All others: 1.",
            _ITS_WAY,
        ),
        **dict.fromkeys(
            ("joint/c2st_z_trees", "joint/c2st_z_linear"),
            Words(
                "C2ST in units of chance",
                "How far the area under the ROC curve of the C2ST is from 0.5, in standard "
                "deviations of chance.",
                "0 is best; between -2 and 2 nothing is proved.",
                "Grows with the number of rows. Far below 0 where synthetic rows are copies.",
            ),
        ),
        "paper/row": Words(
            "The row of papers",
            "The numbers that papers on tabular synthesis print since TabSyn (ICLR 2024).",
            "Errors: 0 is best. DCR share: 0.5. All others: 1.",
            "Average numbers of one table; they say nothing about yours.",
        ),
        "privacy/nndr": Words(
            "Nearest neighbour distance ratio",
            "Distance to the closest real row over that to the second closest: the 5 % smallest, "
            "and the median.",
            "0 (points at one real row) to 1; no end is best. Well below the reference: memorised.",
            _ALARM,
        ),
        "privacy/epsilon_bound": Words(
            "Privacy loss shown (epsilon)",
            "The least epsilon of differential privacy that the membership attack is compatible "
            "with, at 95 %.",
            "0 is best: the attack shows nothing. 3 and more: rows are recognised.",
            "No upper bound: a stronger attack may show more, and 0 proves no privacy.",
        ),
        "privacy/singling_out": Words(
            "Singling out",
            "How much more often a description that fits one synthetic row fits exactly one row "
            "that the model was trained on, than one of other real rows.",
            "Risk: 0 is best, 1 is certainty; with its 95 % interval.",
            "One attack; a better one may do better.",
        ),
        "privacy/linkability": Words(
            "Linkability",
            "How much more often two halves of a row that the model was trained on have the same "
            "closest synthetic row, than halves of other real rows.",
            "Risk: 0 is best, 1 is certainty; with its 95 % interval.",
            "One attack, with one choice of halves; a better one may do better.",
        ),
        "privacy/membership_inference": Words(
            "Membership inference",
            "How well an attacker tells rows that the model was trained on from other real rows.",
            "AUC: 0.5 if he learns nothing, 1 if he always knows. Advantage: 0 is best. Isolated: "
            "among the 1 % of rows that are farthest from others.",
            "One attack; a better one may do better.",
        ),
        "privacy/attribute_inference": Words(
            "Attribute inference",
            "How much better an attacker guesses a secret of rows that the model was trained on "
            "than of other real rows.",
            "Risk: 0 is best, 1 is certainty.",
            "One attack; a better one may do better.",
        ),
        "fidelity/artifact_core_js_distance": Words(
            "JS distance by column (artifact-core)",
            "artifact-core's distance of each column.",
            "0 to 0.8326; 0 is best.",
            _ITS_WAY,
        ),
    }
)
"""By tag of a score, or of the collection that it belongs to."""

PICTURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "visual/pdf": "Distribution of each column. Light blue: real; orange line: synthetic; "
        "dashed: holdout.",
        "visual/cdf": "Share of rows up to each value. The synthetic line should run within the "
        "blue band.",
        "visual/correlation": "How strongly columns depend on each other, from -1 (orange) over 0 "
        "(white) to 1 (blue), and the differences.",
        "visual/pca": "Rows in the plane in which the real rows vary most. Alike clouds are "
        "necessary, not sufficient.",
        "visual/truncated_svd": "Rows in the plane of the two largest singular values of the real "
        "table.",
        "visual/tsne": "Both tables in one t-SNE embedding. Only who lies among whom means "
        "something; sizes and distances of clusters do not.",
        "visual/alignment": "Statistics of each column, real across and synthetic up: dots on the "
        "line agree.",
    }
)
"""By tag of a plot."""


_ENTRIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "auroc": "AUROC",
        "macro_f1": "macro F1",
        "r2": "R²",
        "rmse": "RMSE",
        "share": "share of rows",
        "low": "lower end of the interval",
        "high": "upper end of the interval",
        "quantile_0.05": "the closest 5 %",
    }
)


def entry_words(name: str) -> str:
    """An entry of a collection in words: ``AUROC, trees`` for ``auroc_trees``."""
    metric, found, learner = name.rpartition("_")
    if found and metric in _ENTRIES:
        return f"{_ENTRIES[metric]}, {learner}"
    return _ENTRIES.get(name, name.replace("_", " ").replace("auc", "AUC"))


def words_of(tag: str) -> Words | None:
    """Words for a tag: its own, or those of the collection that it belongs to.

    The mean of a collection, and the collection of a mean, have the same words.
    """
    while tag:
        family, _, name = tag.rpartition("/")
        same = (tag, f"{family}/mean_{name}", f"{family}/{name.removeprefix('mean_')}")
        if found := next((WORDS[each] for each in same if each in WORDS), None):
            return found
        tag = family
    return None


def title_of(tag: str) -> str:
    """A score in words, with its entry: ``Trained on synthetic: AUROC, trees``."""
    words = words_of(tag)
    if words is None:
        return tag
    entry = "" if tag in WORDS else entry_words(tag.rpartition("/")[2])
    return f"{words.title}: {entry}" if entry else words.title
