//! What leaves a case for others to use: the permit and the delivery of a product.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_kernel::{CaseId, PermitId, Refusal};
use shuyu_profile::RightTo;

use super::{effects::tables, take::Finished};
use crate::{
    case::Case,
    command::Context,
    event::{CaseEvent, PermitTable},
    value::Value,
};

/// The permit: what was applied for, minus what any lane struck, resting on the whole chain of authority.
pub(super) fn permit(
    case: &Case,
    act: &Finished<'_>,
    fields: &BTreeMap<String, Value>,
    ctx: &Context<'_>,
) -> Result<CaseEvent, Refusal> {
    let struck: BTreeSet<&String> = case
        .lanes
        .values()
        .flat_map(|lane| &lane.struck)
        .chain(act.strike.iter())
        .collect();
    let tables = tables(fields)
        .map(|table| {
            let is_struck = |column: &str| struck.contains(&format!("{}.{column}", table.table));
            let (gone, kept): (Vec<_>, Vec<_>) =
                table.columns.iter().partition(|(column, _)| is_struck(column));
            PermitTable {
                resource: table.resource,
                table: table.table.clone(),
                columns: kept
                    .into_iter()
                    .map(|(column, uses)| (column.clone(), uses.clone()))
                    .collect(),
                rows: table.rows.clone(),
                struck: gone.into_iter().map(|(column, _)| column.clone()).collect(),
            }
        })
        .collect();
    let chain: Vec<CaseId> = chain(case, ctx).into_iter().collect();
    let term = |fields: &BTreeMap<String, Value>| match fields.get("term_to") {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    };
    // A case may have a term of its own, and is not among those it points at.
    let linked = chain.iter().filter_map(|id| term(&ctx.linked.get(id)?.fields));
    let expires_on = linked
        .chain(term(fields))
        .min()
        .ok_or_else(|| Refusal::unmet("permit_without_term").citing(act.rule.basis.clauses()))?;
    Ok(CaseEvent::PermitIssued {
        permit: PermitId::from_bits(case.id.bits()),
        chain,
        tables,
        expires_on,
    })
}

/// The case itself and everything it points at, as deep as is known.
fn chain(case: &Case, ctx: &Context<'_>) -> BTreeSet<CaseId> {
    let mut chain = BTreeSet::from([case.id]);
    let mut next: Vec<CaseId> = case.links().into_iter().collect();
    while let Some(id) = next.pop() {
        if chain.insert(id)
            && let Some(other) = ctx.linked.get(&id)
        {
            next.extend(other.links());
        }
    }
    chain
}

/// The product goes to the customer whose agreement the act names.
pub(super) fn delivery(case: &Case, act: &Finished<'_>, ctx: &Context<'_>) -> Result<CaseEvent, Refusal> {
    let missing = || Refusal::unmet("delivery_without_agreement").citing(act.rule.basis.clauses());
    let Some(Value::Case(agreement)) = act.set.get("customer_agreement") else {
        return Err(missing());
    };
    let other = ctx.linked.get(agreement).ok_or_else(missing)?;
    let customer = ctx
        .profile
        .rights(RightTo::ReceiveProduct, &other.procedure)
        .find_map(|right| other.parties.get(&right.party)?.first())
        .ok_or_else(missing)?;
    let number = u32::try_from(case.deliveries.len()).unwrap_or(u32::MAX - 1) + 1;
    Ok(CaseEvent::ProductDelivered {
        number,
        agreement: *agreement,
        customer: *customer,
    })
}
