//! The part of the walk about filters, and about joins that keep rows by whether their subject is on the other side.

use datafusion::{
    common::DFSchema,
    logical_expr::{
        Filter, Join, LogicalPlan,
        utils::{conjunction, split_conjunction_owned},
    },
};
use shuyu_kernel::Refusal;

use super::{
    blame::{first_column, place},
    matches,
    membership::{self, Asked},
    missing,
    plan::{Found, Walk, rebuild},
    relation::{Relation, Stage},
};
use crate::refusal::Explain;

impl Walk<'_> {
    /// A filter: predicates of rows, and memberships of their subjects.
    pub(super) fn selection(
        &mut self,
        plan: &LogicalPlan,
        filter: &Filter,
    ) -> Result<(Found, LogicalPlan), Refusal> {
        let (found, input) = self.walk(&filter.input)?;
        let schema = filter.input.schema();
        let mut rows = match found {
            Found::Rows(rows) if rows.stage() == Stage::Personal => *rows,
            found => {
                let put = self.subqueries(plan)?;
                let found = match &put {
                    LogicalPlan::Filter(filter) => {
                        found.each(|rows| rows.filter(&filter.predicate, schema))?
                    }
                    _ => Found::Free,
                };
                return Ok((found, rebuild(&put, vec![input])?));
            }
        };
        let mut own = Vec::new();
        for conjunct in split_conjunction_owned(filter.predicate.clone()) {
            match membership::asked(&conjunct) {
                Some(asked) => rows = self.member(rows, schema, &asked)?,
                None => own.push(conjunct),
            }
        }
        if let Some(predicate) = conjunction(own) {
            let unplanned = |_| Refusal::unmet("query_not_planned");
            let own = Filter::try_new(predicate, filter.input.clone()).map_err(unplanned)?;
            let LogicalPlan::Filter(own) = self.subqueries(&LogicalPlan::Filter(own))? else {
                return Err(Refusal::unmet("query_not_planned"));
            };
            let conjuncts = split_conjunction_owned(own.predicate);
            let (settled, left) = missing::settled(rows, conjuncts, schema)?;
            rows = match conjunction(left) {
                Some(predicate) => settled.filter(&predicate, schema)?,
                None => settled,
            };
        }
        Ok((Found::Rows(Box::new(rows)), rebuild(plan, vec![input])?))
    }

    fn member(&mut self, rows: Relation, schema: &DFSchema, asked: &Asked<'_>) -> Result<Relation, Refusal> {
        let (found, _) = self.walk(asked.plan)?;
        let mut among = match found {
            Found::Rows(among) if among.stage() == Stage::Personal => *among,
            other => {
                self.to_free(other, Some("subquery"))?;
                let refusal = self.node("subquery");
                return Err(match asked.value.and_then(first_column) {
                    Some(column) => refusal
                        .fact("column", &column.name)
                        .at(place(&column), &column.name),
                    None => refusal,
                });
            }
        };
        let pair = membership::of_subquery(&rows, schema, asked, &mut among, self.citations)?;
        let among = (self.settled(among)?, schema, self.alias());
        matches::beside(rows, (asked.how, false), pair, among, self.citations)
    }

    /// A join of two personal relations that keeps rows of one side by the subjects of the other; `None` if it is
    /// none.
    pub(super) fn by_subject(
        &mut self,
        left: &Relation,
        right: &Relation,
        join: &Join,
    ) -> Result<Option<Relation>, Refusal> {
        let personal = [left, right].map(Relation::stage) == [Stage::Personal; 2];
        let Some((how, turned)) = membership::of_join(join).filter(|_| personal) else {
            return Ok(None);
        };
        let (kept, other, shown) = if turned {
            (right, left, join.left.schema())
        } else {
            (left, right, join.right.schema())
        };
        let mut other = other.clone();
        let pair = membership::of_condition((join, turned), kept, &mut other, self.citations)?;
        let other = (self.settled(other)?, shown.as_ref(), self.alias());
        matches::beside(kept.clone(), (how, turned), pair, other, self.citations).map(Some)
    }
}
