//! Statistics of one argument that are no sums: spreads, different values, extremes.

use datafusion::logical_expr::Expr;
use shuyu_kernel::Refusal;
use shuyu_privacy::{Label, Use};

use super::{
    constant::Family,
    exact::Exact,
    figure::{Amount, Core, Figure, Formula, Moment, Part, Role, Scaled, Spread, Term},
    figures::{Call, Figures, figure, filtered},
    grain,
    piece::{Affine, Piece},
    proof,
    relation::{Stage, columns_of},
};

impl Figures<'_> {
    /// A spread of one measure, or of one group column.
    pub fn spread(
        &mut self,
        argument: &Expr,
        pieces: &[Piece],
        spread: Spread,
        call: &Call<'_>,
    ) -> Result<Figure, Refusal> {
        let [
            Piece {
                guards,
                value:
                    Some(Affine {
                        factor,
                        core: Some(core),
                        ..
                    }),
            },
        ] = pieces
        else {
            return Err(self.argument("spread_argument", argument, |name| {
                format!("{}({name})", call.name)
            }));
        };
        debug_assert!(guards.is_empty());
        let filter = call.filter.as_ref();
        let place = self
            .parts
            .put(filtered(Part::new(Role::Total, Some(core.clone())), filter));
        let x = Scaled {
            part: place,
            factor: *factor,
            offset: 0.0,
        };
        let formula = Formula::Second {
            moment: Moment::Spread(spread),
            y: x,
            x,
        };
        Ok(figure(formula, vec![place], call.data_type))
    }

    /// Counting different values: of the subject or another link column, else of a group key at its
    /// grain. Anything else would be an indicator: two different values mean that one row has the second.
    pub fn different(&mut self, argument: &Expr, call: &Call<'_>) -> Result<Figure, Refusal> {
        let relation = self.exact.relation;
        let exact = Exact {
            wanted: Use::Group,
            ..self.exact
        };
        let core = Core {
            value: argument.clone(),
            bounds: None,
            centre: 0,
            grain: None,
        };
        if let Expr::Column(column) = argument {
            if relation.label(column).allows(Use::Link) {
                let leaf = relation.leaf(column);
                if leaf.is_some_and(|leaf| leaf.is_presence(&column.name)) {
                    // Subjects that have a row of what may be missing.
                    let part = filtered(Part::new(Role::Count, Some(core)), call.filter.as_ref());
                    let part = self.parts.put(part);
                    return Ok(figure(subjects_of(part), vec![part], call.data_type));
                }
                let of_subjects = leaf.is_some_and(|leaf| leaf.is_unit(&column.name));
                return self.subjects(of_subjects, core, call);
            }
        } else if grain::generaliser(argument, relation, Use::Group).is_none() {
            let columns = columns_of(argument);
            columns.values().try_for_each(|column| exact.has_use(column))?;
            let nearest = |name: &str| format!("count(DISTINCT {name})");
            return Err(self.argument("distinct_argument", argument, nearest));
        }
        exact.judge(argument)?;
        self.subjects(false, core, call)
    }

    /// Subjects, those of a branch, or different values.
    fn subjects(&mut self, of_subjects: bool, core: Core, call: &Call<'_>) -> Result<Figure, Refusal> {
        let (part, formula): (usize, fn(usize) -> Formula) = match (&call.filter, of_subjects) {
            (None, true) => (self.parts.put(Part::new(Role::Subjects, Some(core))), subjects_of),
            (Some(filter), true) => (
                self.parts
                    .put(filtered(Part::new(Role::Count, None), Some(filter))),
                subjects_of,
            ),
            (None, false) => (
                self.parts.put(Part::new(Role::Different, Some(core))),
                Formula::Value,
            ),
            (Some(filter), false) => return Err(self.node("aggregate_filter", filter)),
        };
        Ok(figure(formula(part), vec![part], call.data_type))
    }

    /// The greatest or smallest value of a public column that enough subjects hold (A3.6).
    pub fn extreme(&mut self, argument: &Expr, call: &Call<'_>) -> Result<Figure, Refusal> {
        let relation = self.exact.relation;
        let public = grain::bare_number(argument, relation).filter(|column| {
            let public = relation
                .leaf(column)
                .is_some_and(|leaf| leaf.stage() == Stage::Public);
            let number = relation
                .base_type(column)
                .is_some_and(|t| Family::of(&t).is_number());
            // Not a key of the register: that has the label of what it is equated with.
            public && number && relation.label(column) == Label::free()
        });
        if public.is_none() {
            return Err(self.function(call.name, false, Some(argument.clone())));
        }
        if let Some(filter) = &call.filter {
            return Err(self.node("aggregate_filter", filter));
        }
        proof::prove(&self.exact, argument)?;
        let role = if call.name == "max" {
            Role::Greatest
        } else {
            Role::Smallest
        };
        let core = Core {
            value: argument.clone(),
            bounds: None,
            centre: 0,
            grain: None,
        };
        let part = self.parts.put(Part::new(role, Some(core)));
        Ok(figure(Formula::Value(part), vec![part], call.data_type))
    }
}

fn subjects_of(part: usize) -> Formula {
    Formula::Sum(vec![Term {
        factor: 1.0,
        part,
        amount: Amount::Subjects,
    }])
}

/// The measures of spread that exist.
pub(super) fn spread(name: &str) -> Option<Spread> {
    let (root, sample) = match name {
        "stddev" => (true, true),
        "stddev_pop" => (true, false),
        "var" => (false, true),
        "var_pop" => (false, false),
        _ => return None,
    };
    Some(Spread { root, sample })
}
