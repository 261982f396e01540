//! The part of the walk about filters, and about joins that keep rows by whether their subject is on the other side.

use datafusion::{
    common::DFSchema,
    logical_expr::{
        Expr, Filter, Join, LogicalPlan,
        utils::{conjunction, split_conjunction_owned},
    },
};
use shuyu_kernel::Refusal;
use shuyu_privacy::Use;

use super::{
    blame::{first_column, named, pointing},
    matches,
    membership::{self, Asked, How},
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
        // What is asked of a union is asked of each of its branches.
        let (mut branches, united) = match found {
            Found::Rows(rows) if rows.stage() == Stage::Personal => (vec![*rows], false),
            Found::Branches(branches) => (branches, true),
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
                Some(asked) => branches = self.members(branches, schema, &asked)?,
                None => own.push(conjunct),
            }
        }
        if let Some(predicate) = conjunction(own) {
            let unplanned = |_| Refusal::unmet("query_not_planned");
            let own = Filter::try_new(predicate, filter.input.clone()).map_err(unplanned)?;
            let LogicalPlan::Filter(own) = self.subqueries(&LogicalPlan::Filter(own))? else {
                return Err(Refusal::unmet("query_not_planned"));
            };
            let under = |rows: Relation| {
                let conjuncts = split_conjunction_owned(own.predicate.clone());
                let (settled, left) = missing::settled(rows, conjuncts, schema)?;
                match conjunction(left) {
                    Some(predicate) => settled.filter(&predicate, schema),
                    None => Ok(settled),
                }
            };
            branches = branches.into_iter().map(under).collect::<Result<_, _>>()?;
        }
        let found = match branches.pop() {
            Some(rows) if !united => Found::Rows(Box::new(rows)),
            last => Found::Branches(branches.into_iter().chain(last).collect()),
        };
        Ok((found, rebuild(plan, vec![input])?))
    }

    /// Rows, of one relation or of the branches of a union, that stay by whether their subject is in another relation.
    fn members(
        &mut self,
        mut branches: Vec<Relation>,
        schema: &DFSchema,
        asked: &Asked<'_>,
    ) -> Result<Vec<Relation>, Refusal> {
        let (found, _) = self.walk(asked.plan)?;
        let among = match found {
            Found::Rows(among) if among.stage() == Stage::Personal => vec![*among],
            // Apart from a union is apart from each of its branches; among it would be among one or another.
            Found::Branches(among) if asked.how == How::Apart => among,
            other => return Err(self.no_members(other, &branches, schema, asked)),
        };
        for among in among {
            let mut left = Vec::new();
            for rows in branches {
                let mut among = among.clone();
                let pair = membership::of_subquery(&rows, schema, asked, &mut among, self.citations)?;
                let among = (self.settled(among)?, schema, self.alias());
                left.push(matches::beside(
                    rows,
                    (asked.how, false),
                    pair,
                    among,
                    self.citations,
                )?);
            }
            branches = left;
        }
        Ok(branches)
    }

    /// What a membership asks for holds no subjects, or holds them in one branch or another.
    fn no_members(
        &self,
        found: Found,
        branches: &[Relation],
        schema: &DFSchema,
        asked: &Asked<'_>,
    ) -> Refusal {
        let united = matches!(found, Found::Branches(_));
        let (node, instruction) = if united {
            ("subquery_of_union", "member_of_each_branch")
        } else {
            ("subquery", "aggregate_first")
        };
        if !united && let Err(refusal) = self.to_free(found, Some("subquery")) {
            return refusal;
        }
        let refusal = Refusal::unmet("node_not_allowed")
            .under(&self.citations.raw_stays)
            .fact("node", node)
            .fact("use", Use::Link.name())
            .instruct(instruction);
        let value = asked.value.and_then(first_column);
        let about = value.as_ref().and_then(|column| {
            let rows = branches.first()?;
            let base = rows.write_out(&Expr::Column(column.clone()), schema).ok()?;
            Some((rows, first_column(&base)?))
        });
        match (about, value, branches.first().and_then(Relation::personal)) {
            (Some((rows, base)), _, _) => pointing(refusal, rows, &base),
            (None, Some(column), _) => named(refusal, &column),
            (None, None, Some(leaf)) => refusal.fact("table", &leaf.table),
            (None, None, None) => refusal,
        }
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
