//! Fitted models as data: coefficients, trees, centres. Nothing that runs when it is read, and nothing that stores records.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most numbers in one model. Platform default; trees beyond it are lists of people.
const NUMBERS_AT_MOST: usize = 100_000;

/// A model of declared structure. Models that store records (nearest neighbours, support vectors, Gaussian processes)
/// have no form here, and so are refused, as SACRO-ML has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Model {
    /// `y = intercept + Σ coefficient × feature`.
    Linear {
        /// Names of the features.
        features: Vec<String>,
        /// One per feature.
        coefficients: Vec<f64>,
        /// The constant.
        intercept: f64,
        /// What it was fitted on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fitted_on: Option<FittedOn>,
    },
    /// Logistic regression: a row of coefficients per class, or one row for two classes.
    Logistic {
        /// Names of the features.
        features: Vec<String>,
        /// Names of the classes.
        classes: Vec<String>,
        /// Rows of one coefficient per feature.
        coefficients: Vec<Vec<f64>>,
        /// One per row.
        intercepts: Vec<f64>,
        /// What it was fitted on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fitted_on: Option<FittedOn>,
    },
    /// Trees whose answers are averaged; one tree is an ensemble of one.
    Trees {
        /// Names of the features.
        features: Vec<String>,
        /// Names of the classes; empty for a regression.
        classes: Vec<String>,
        /// The trees.
        trees: Vec<Tree>,
        /// What it was fitted on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fitted_on: Option<FittedOn>,
    },
    /// k-means.
    Centres {
        /// Names of the features.
        features: Vec<String>,
        /// One point per cluster.
        centres: Vec<Vec<f64>>,
        /// What it was fitted on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fitted_on: Option<FittedOn>,
    },
}

/// What a model was fitted on: with it the platform makes features of rows that the job never saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedOn {
    /// The input, without its ending.
    pub table: String,
    /// The column that it answers; `None` for clusters.
    pub target: Option<String>,
}

/// A binary tree in arrays: node 0 is the root, -1 is no child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// Left child (feature ≤ threshold), per node.
    pub left: Vec<i64>,
    /// Right child, per node.
    pub right: Vec<i64>,
    /// Index of the feature asked, per node.
    pub feature: Vec<i64>,
    /// Threshold, per node.
    pub threshold: Vec<f64>,
    /// Answer, per node: shares of the classes, or one mean.
    pub value: Vec<Vec<f64>>,
}

impl Model {
    /// Reads a model and checks that its parts fit together.
    ///
    /// # Errors
    /// `output_model_broken`, `output_model_too_large`.
    pub fn read(value: &Value) -> Result<Self, &'static str> {
        let model: Self = serde_json::from_value(value.clone()).map_err(|_| "output_model_broken")?;
        if model.numbers() > NUMBERS_AT_MOST {
            return Err("output_model_too_large");
        }
        if model.fits() {
            Ok(model)
        } else {
            Err("output_model_broken")
        }
    }

    /// How many numbers it holds.
    pub fn numbers(&self) -> usize {
        let rows = |rows: &[Vec<f64>]| rows.iter().map(Vec::len).sum::<usize>();
        match self {
            Self::Linear { coefficients, .. } => coefficients.len() + 1,
            Self::Logistic {
                coefficients,
                intercepts,
                ..
            } => rows(coefficients) + intercepts.len(),
            Self::Trees { trees, .. } => trees
                .iter()
                .map(|tree| tree.threshold.len() + rows(&tree.value))
                .sum(),
            Self::Centres { centres, .. } => rows(centres),
        }
    }

    /// What it was fitted on, if it says so.
    pub fn fitted_on(&self) -> Option<&FittedOn> {
        match self {
            Self::Linear { fitted_on, .. }
            | Self::Logistic { fitted_on, .. }
            | Self::Trees { fitted_on, .. }
            | Self::Centres { fitted_on, .. } => fitted_on.as_ref(),
        }
    }

    fn fits(&self) -> bool {
        match self {
            Self::Linear {
                features,
                coefficients,
                ..
            } => coefficients.len() == features.len(),
            Self::Logistic {
                features,
                classes,
                coefficients,
                intercepts,
                ..
            } => {
                let rows = if classes.len() == 2 { 1 } else { classes.len() };
                classes.len() >= 2
                    && coefficients.len() == rows
                    && intercepts.len() == rows
                    && coefficients.iter().all(|row| row.len() == features.len())
            }
            Self::Trees {
                features,
                classes,
                trees,
                ..
            } => {
                !trees.is_empty()
                    && trees
                        .iter()
                        .all(|tree| tree.fits(features.len(), classes.len().max(1)))
            }
            Self::Centres {
                features, centres, ..
            } => !centres.is_empty() && centres.iter().all(|row| row.len() == features.len()),
        }
    }
}

impl Tree {
    /// Arrays of one length, children after their parents (so that every walk ends), features that exist.
    fn fits(&self, features: usize, answers: usize) -> bool {
        let nodes = self.left.len();
        let same = [
            self.right.len(),
            self.feature.len(),
            self.threshold.len(),
            self.value.len(),
        ];
        let child = |node: usize, at: i64| usize::try_from(at).is_ok_and(|at| at > node && at < nodes);
        let node = |node: usize, left: i64, right: i64, feature: i64| {
            (left == -1 && right == -1)
                || (child(node, left)
                    && child(node, right)
                    && usize::try_from(feature).is_ok_and(|feature| feature < features))
        };
        nodes > 0
            && same.iter().all(|length| *length == nodes)
            && self.value.iter().all(|row| row.len() == answers)
            && (self.left.iter().zip(&self.right).zip(&self.feature).enumerate())
                .all(|(at, ((left, right), feature))| node(at, *left, *right, *feature))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tree_that_would_walk_for_ever_or_carries_more_is_no_model() {
        let tree = |left: i64| {
            json!({"kind": "trees", "features": ["a"], "classes": [], "trees": [{"left": [left, -1, -1],
                "right": [2, -1, -1], "feature": [0, -2, -2], "threshold": [1.5, -2, -2], "value": [[1], [2], [3]]}]})
        };
        assert!(Model::read(&tree(1)).is_ok());
        assert_eq!(Model::read(&tree(0)).unwrap_err(), "output_model_broken");
        let mut more = tree(1);
        more["rows"] = json!([[1, 2, 3]]);
        assert_eq!(Model::read(&more).unwrap_err(), "output_model_broken");
        let neighbours = json!({"kind": "neighbours", "features": ["a"], "rows": [[1.0]]});
        assert_eq!(Model::read(&neighbours).unwrap_err(), "output_model_broken");
    }
}
