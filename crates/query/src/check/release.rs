//! An aggregate over personal rows: what is released, and from which checked expressions.

use datafusion::{
    common::DFSchema,
    logical_expr::{Aggregate, Expr},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, Use};

use super::{
    exact::Exact,
    figure::{Figure, Part},
    figures::Figures,
    fusion,
    join::{self, Subject},
    mixed,
    relation::{Relation, Stage},
    sets::{self, Sets},
    stage,
};

/// A checked release: everything the lower plan is built from, over base columns only.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub relation: Relation,
    pub subject: Subject,
    pub keys: Vec<Expr>,
    /// The grouping sets over these keys, if there are several.
    pub sets: Option<Sets>,
    pub parts: Vec<Part>,
    pub figures: Vec<Figure>,
    /// Link columns of other domains the relation was joined through.
    pub second_domains: Vec<datafusion::common::Column>,
}

/// Checks the joins and filters of a relation that is not public.
///
/// # Errors
/// Those of [`join::check`] and [`Exact::check`].
pub(crate) fn check_rows(relation: &Relation, citations: &Citations) -> Result<(), Refusal> {
    join::check(relation, citations)?;
    fusion::check_rows(relation, citations)?;
    stage::check_released(relation, citations)?;
    let schema = base_schema(relation)?;
    let exact = Exact {
        relation,
        schema: &schema,
        citations,
        wanted: Use::Filter,
    };
    relation
        .filters
        .iter()
        .try_for_each(|filter| exact.judge(filter))?;
    join::prove(&exact)
}

pub(crate) fn base_schema(relation: &Relation) -> Result<DFSchema, Refusal> {
    relation
        .base_schema()
        .map_err(|_| Refusal::unmet("query_not_planned"))
}

/// Checks an aggregate over a relation that is not public; `None` if no personal table is in it, so
/// that it may run as it stands. With `own_limits` a query may set limits of its own ([`super::own_limits`]).
///
/// # Errors
/// Those of [`check_rows`], and `function_not_allowed`, `use_missing`, `node_not_allowed`.
pub(crate) fn check(
    relation: &Relation,
    aggregate: &Aggregate,
    citations: &Citations,
    own_limits: bool,
) -> Result<Option<Release>, Refusal> {
    check_rows(relation, citations)?;
    let schema = base_schema(relation)?;
    let input = aggregate.input.schema();
    let exact = Exact {
        relation,
        schema: &schema,
        citations,
        wanted: Use::Group,
    };
    let (named, sets) = sets::keys(aggregate, citations)?;
    let mut keys = Vec::new();
    for key in &named {
        let key = relation.write_out(key, input)?;
        exact.judge(&key)?;
        keys.push(key);
    }
    let visible = keys.len() + usize::from(sets.is_some());
    let mut figures = Figures::new(
        Exact {
            wanted: Use::Measure,
            ..exact
        },
        input,
        &named,
        own_limits,
    );
    for (index, aggregated) in aggregate.aggr_expr.iter().enumerate() {
        let (_, field) = aggregate.schema.qualified_field(visible + index);
        figures.read(aggregated, field.data_type())?;
    }
    if relation.stage() != Stage::Personal {
        return Ok(None);
    }
    let Some(subject) = join::subject(relation) else {
        return Err(Refusal::unmet("query_not_planned"));
    };
    let second_domains = join::second_domains(relation);
    let (parts, figures) = figures.done();
    let parts = parts.into_iter();
    let parts: Vec<_> = parts
        .map(|part| part.where_rows_may_be_missing(relation))
        .collect();
    mixed::check(relation, &keys, &parts, citations)?;
    fusion::check_release(relation, (aggregate, input), &keys, &parts, citations)?;
    Ok(Some(Release {
        relation: relation.clone(),
        subject,
        keys,
        sets,
        parts,
        figures,
        second_domains,
    }))
}
