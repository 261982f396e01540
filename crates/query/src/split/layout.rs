//! The layout of the cells of a release: which hidden columns the gate reads for what.

use shuyu_privacy::{CellLayout, DomainColumns, HiddenColumns, Statistic, StatisticColumns};

use super::{
    classes,
    lower::{Builder, SUBJECTS, SUM, XOR, name},
};
use crate::check::{figure::Role, plan::cell_column};

impl Builder<'_> {
    pub(super) fn layout(&self, classes: usize) -> CellLayout {
        let release = self.release;
        let statistics = self.parts().map(|(index, part)| {
            let per_subject = part.is_per_subject();
            let weighed = per_subject && (part.is_total() || release.subject.many_rows);
            let argument = part
                .core
                .as_ref()
                .map_or_else(String::new, |core| core.value.to_string());
            let valued = part.has_values() && part.role != Role::Subjects;
            StatisticColumns {
                value: self.cell(index),
                statistic: match part.role {
                    Role::Rows => Statistic::Rows,
                    Role::Count | Role::Ranks => Statistic::Values,
                    Role::Total => Statistic::Sum,
                    Role::Subjects | Role::Different => Statistic::Distinct,
                    Role::Greatest | Role::Smallest => Statistic::Extreme,
                },
                argument,
                contributors: valued.then(|| name("with", index)),
                nonzero: part.is_total().then(|| name("nonzero", index)),
                dominance: weighed.then(|| ["total", "first", "second"].map(|stem| name(stem, index))),
                indicator: part.indicator,
                optional: part.optional,
                domains: (0..release.second_domains.len())
                    .filter(|_| part.indicator)
                    .map(|domain| side(domain, index))
                    .collect(),
                classes: (0..classes)
                    .filter(|_| part.is_side())
                    .map(|class| classes::side(class, index))
                    .collect(),
                contribution_key: per_subject.then(|| name("key", index)),
            }
        });
        let measured: Vec<usize> = self
            .parts()
            .filter(|(_, part)| part.is_total())
            .map(|(i, _)| i)
            .collect();
        let domains = (0..release.second_domains.len()).map(|index| {
            let stems = std::iter::once(format!("domain{index}_rows"))
                .chain(measured.iter().map(|figure| format!("domain{index}_{figure}")));
            let shares = stems
                .map(|stem| [format!("{stem}_total"), format!("{stem}_greatest")])
                .collect();
            DomainColumns {
                members: name("members", index),
                shares,
            }
        });
        let datasets = self
            .relation()
            .stored()
            .into_iter()
            .map(|leaf| (leaf.grant.dataset, leaf.grant.version));
        CellLayout {
            keys: (0..release.keys.len()).map(cell_column).collect(),
            statistics: statistics.collect(),
            hidden: HiddenColumns {
                subjects: SUBJECTS.into(),
                set_xor: XOR.into(),
                set_sum: SUM.into(),
            },
            domains: domains.collect(),
            classes: (0..classes).map(classes::columns).collect(),
            domain: release.subject.domain.clone(),
            datasets: datasets.collect(),
        }
    }
}

/// The columns of a second domain behind one side of a branch.
pub(super) fn side(domain: usize, part: usize) -> DomainColumns {
    let stem = format!("domain{domain}_side{part}");
    DomainColumns {
        members: format!("{stem}_members"),
        shares: vec![[format!("{stem}_total"), format!("{stem}_greatest")]],
    }
}
